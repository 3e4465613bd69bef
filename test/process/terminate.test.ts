import { expect, it } from 'vitest';
import { kindsOfWork, terminateWorkers } from '../support/terminations.js';

it('eight workers, each terminated three times during its work, cause no crash and leak nothing', async () => {
  expect((await terminateWorkers(3, 90_000)).ended).toBe(3 * kindsOfWork);
}, 100_000);
