import type { Output } from './output.js';
import { stopOnInterrupt } from './stopOnInterrupt.js';

/**
 * Runs the work of a command that Ctrl-C may stop. If it does, the exit status is 130 and the last event has the status
 * `stopped`.
 * @throws whatever `work` throws for another reason
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
