import { beforeAll, describe, expect, it } from 'vitest';
import { type BaselineScan, baselineAt } from '../../../dist/score/index.js';
import { thresholdOnPhantoms } from '../../../scripts/figures/phantomMeasures.mjs';

describe('a threshold with size and lung mask on phantoms of the level hard', { timeout: 120_000 }, () => {
  let seen: BaselineScan[];
  beforeAll(() => {
    seen = thresholdOnPhantoms({ level: 'hard', scans: 8, seed: 7000 });
  }, 120_000);

  it('finds less than half of the nodules at one false component a scan, cut and sizes chosen on these very scans', () => {
    const { nodules, sensitivity, falsePerScan } = baselineAt(seen, 1);
    expect(nodules).toBeGreaterThanOrEqual(24);
    expect(falsePerScan).toBeLessThanOrEqual(1);
    expect(sensitivity).toBeLessThan(0.5);
  });

  it('would find more of them if falsehood cost nothing, so the nodules are there to be seen', () => {
    expect(baselineAt(seen, Number.POSITIVE_INFINITY).found).toBeGreaterThan(2 * baselineAt(seen, 1).found);
  });
});
