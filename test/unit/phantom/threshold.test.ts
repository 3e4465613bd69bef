import { beforeAll, describe, expect, it } from 'vitest';
import { type BaselineScan, baselineAt } from '../../../dist/score/index.js';
import { thresholdOnPhantoms } from '../../../scripts/figures/phantomMeasures.mjs';

describe('a density threshold with size and lung mask on phantoms of level hard', { timeout: 120_000 }, () => {
  let seen: BaselineScan[];
  beforeAll(() => {
    seen = thresholdOnPhantoms({ level: 'hard', scans: 8, seed: 7000 });
  }, 120_000);

  it('finds less than half of the nodules at one false component per scan, even if tuned on these scans', () => {
    const { nodules, sensitivity, falsePerScan } = baselineAt(seen, 1);
    expect(nodules).toBeGreaterThanOrEqual(24);
    expect(falsePerScan).toBeLessThanOrEqual(1);
    expect(sensitivity).toBeLessThan(0.5);
  });

  it('finds more of them if false components cost nothing, so the nodules are visible', () => {
    expect(baselineAt(seen, Number.POSITIVE_INFINITY).found).toBeGreaterThan(2 * baselineAt(seen, 1).found);
  });
});
