import { createInterface } from 'node:readline';

export const wallSeconds = () => performance.now() / 1000;

/**
 * Processor time of all threads: time that other programs get on this core does not count, the garbage collector's
 * does.
 */
export function processorSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * Our end of the protocol of bench/side.mjs: answers each request on stdin with the seconds that its work took.
 *
 * @param {(request: object) => (() => unknown) | Promise<() => unknown>} prepare returns the function that does all
 *   steps
 * @param {() => number} clock
 */
export async function answerRequests(prepare, clock) {
  console.log(JSON.stringify({ node: process.version }));
  for await (const line of createInterface({ input: process.stdin })) {
    const run = await prepare(JSON.parse(line));
    const start = clock();
    await run();
    console.log(JSON.stringify({ seconds: clock() - start }));
  }
}
