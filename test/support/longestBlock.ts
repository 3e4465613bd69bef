import { monitorEventLoopDelay } from 'node:perf_hooks';

const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

/** The longest time in ms that the event loop was held while `work` ran. */
export async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await settle();
  delay.reset();
  await work();
  await settle();
  delay.disable();
  return delay.max / 1e6;
}
