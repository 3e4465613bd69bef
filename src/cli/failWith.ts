import { CommanderError } from 'commander';
import { NoduleTrainError } from '../runtime/index.js';
import { systemErrorText } from './systemError.js';

/** Codes of errors in how a command was called. */
const BAD_USE_CODES: ReadonlySet<string> = new Set(['config', 'bad-use']);

/**
 * Prints an error on stderr and sets the exit status: 2 for bad use, 1 for a failure. With `json` a failure is also the
 * `end` event on stdout. An unknown error is a bug and keeps its stack.
 */
export function failWith(error: unknown, json: boolean): void {
  if (error instanceof CommanderError) {
    process.exitCode = 2;
    // A command without its subcommand: commander has printed the help.
    if (error.code === 'commander.help') return;
    const text = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    process.stderr.write(`error: ${text}\n`);
    return;
  }
  const { code, message } = describe(error);
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = BAD_USE_CODES.has(code) ? 2 : 1;
  if (json && process.exitCode === 1)
    process.stdout.write(`${JSON.stringify({ type: 'end', status: 'failed', code, message })}\n`);
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof NoduleTrainError) return { code: error.code, message: error.message };
  const system = systemErrorText(error);
  if (system !== null) return { code: 'system', message: system };
  return { code: 'unexpected', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
