import { expect, it } from 'vitest';
import { kindsOfWork, terminateWorkers } from '../support/terminations.js';

it('eight workers, each ended three times in the middle of its work, harm nothing and leave nothing', async () => {
  expect((await terminateWorkers(3, 90_000)).ended).toBe(3 * kindsOfWork);
}, 100_000);
