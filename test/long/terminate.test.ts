import { expect, it } from 'vitest';
import { kindsOfWork, terminateWorkers } from '../support/terminations.js';

it('eight kinds of work, each ended a hundred times in its middle, crash nothing and leak nothing', async () => {
  const { ended, seconds } = await terminateWorkers(100, 20 * 60_000);
  console.log(`${ended} workers ended in the middle of ${kindsOfWork} kinds of work, in ${seconds.toFixed(0)} s`);
  expect(ended).toBe(100 * kindsOfWork);
});
