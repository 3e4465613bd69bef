import { CommanderError } from 'commander';
import { NoduleTrainError } from '../runtime/index.js';

/** Codes of errors that lie in how a command was called. */
const badUse = new Set(['config', 'bad-use']);

/**
 * Says what went wrong in one line on stderr and sets the exit status: 2 for bad use, 1 for a failure. With `json` a
 * failure also is the `end` event on stdout. Errors that are not ours keep their stack: they are faults to report.
 */
export function failWith(error: unknown, json: boolean): void {
  if (error instanceof CommanderError) {
    const text = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    process.stderr.write(`error: ${text}\n`);
    process.exitCode = 2;
    return;
  }
  const known = error instanceof NoduleTrainError;
  const message = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = known && badUse.has(error.code) ? 2 : 1;
  if (json && process.exitCode === 1) {
    const code = known ? error.code : 'unexpected';
    process.stdout.write(`${JSON.stringify({ type: 'end', status: 'failed', code, message })}\n`);
  }
}
