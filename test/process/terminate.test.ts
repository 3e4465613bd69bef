import { expect, it } from 'vitest';
import { kindsOfWork, terminateWorkers } from '../support/terminations.js';

it('eight kinds of work, each ended three times in its middle, crash nothing and leak nothing', async () => {
  expect((await terminateWorkers(3, 90_000)).ended).toBe(3 * kindsOfWork);
}, 100_000);
