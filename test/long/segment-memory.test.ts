import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { inRoot } from '../support/paths.js';

interface Cost {
  aboveMB: number;
  msPerSlice: number;
}

/** Segments a scan of 512 × 512 pixels in a separate process, so that the test runner's memory does not count. */
function segmentCost(slices: number, model: string): Cost {
  const script = inRoot('scripts', 'figures', 'segment-cost.mjs');
  const run = spawnSync(process.execPath, [script, '--slices', String(slices), '--model', model], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  console.log(model, run.stdout);
  return JSON.parse(run.stdout) as Cost;
}

it.each(['phantom-hu', 'default'])('700 slices need at most 1.5 GB above the loaded libtorch: %s', (model) => {
  expect(segmentCost(700, model).aboveMB).toBeLessThan(1500);
});

it('the time grows with the number of slices, not faster', () => {
  const [few, many] = [segmentCost(70, 'phantom-hu'), segmentCost(140, 'phantom-hu')];
  expect(many.msPerSlice / few.msPerSlice).toBeLessThan(1.15);
});
