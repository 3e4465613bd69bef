import type { Output } from './output.js';
import { stopOnInterrupt } from './stopOnInterrupt.js';

/**
 * Does the work of a command that Ctrl-C may stop: then the exit code is 130 and the last event says `stopped`. Other errors go on to
 * the caller.
 */
export async function untilInterrupted(output: Output, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interrupt = stopOnInterrupt(() => output.print('Stopping.'));
  try {
    await work(interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    process.exitCode = 130;
    output.event({ type: 'end', status: 'stopped' });
  } finally {
    interrupt.release();
  }
}
