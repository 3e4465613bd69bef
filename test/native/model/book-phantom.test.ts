import { expect, it } from 'vitest';
import { openModel } from '../../../dist/model/openModel.js';
import { bookOnPhantom, CLINICAL_GRID } from '../../../scripts/figures/phantomMeasures.mjs';
import { sharedData } from '../../support/shared.js';

const name = 'seg_2020-01-26_19.45.12_w4d3c1-bal_1_nodupe-label_pos-d1_fn8-adam.best.state_dict.pt';
const file = sharedData('book-models', name);

// Whole scans, with the share of nodules found: test/long/book-phantoms.test.ts and docs/records/phantoms.md.
it.skipIf(file === null)(
  "the book's model, not trained on phantoms, finds most nodules of a slab (skipped without ../shared/data)",
  { timeout: 300_000 },
  async () => {
    const { model } = openModel(file as string, 'cpu', { pooling: 'avg', input: 'hu-clip' });
    const slab = { ...CLINICAL_GRID, size: [24, 512, 512], level: 'standard', nodules: 5, seed: 6000 };
    const { nodules } = await bookOnPhantom(model, slab);
    expect(nodules).toHaveLength(5);
    const found = nodules.filter((nodule) => nodule.found);
    expect(found.length).toBeGreaterThanOrEqual(4);
    for (const { diceNear } of found) expect(diceNear).toBeGreaterThan(0.4);
  },
);
