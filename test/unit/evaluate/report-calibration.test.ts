import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addToBins,
  CALIBRATION_BINS,
  confidenceEce,
  emptyBins,
  noduleEce,
  sumBins,
} from '../../../dist/evaluate/report/calibration.js';

const binsOf = (voxels: readonly (readonly [probability: number, label: number])[]) => {
  const bins = emptyBins();
  addToBins(
    bins,
    Float32Array.from(voxels, ([p]) => p),
    voxels.map(([, label]) => label),
  );
  return bins;
};
const many = (count: number, p: number, positives: number) =>
  Array.from({ length: count }, (_, n) => [p, n < positives ? 1 : 0] as const);

describe('calibration', () => {
  it('is perfect if 70 % of the voxels with probability 0.7 are nodule', () => {
    const bins = binsOf([...many(10, 0.7, 7), ...many(20, 0.1, 2)]);
    expect(noduleEce(bins)).toBeCloseTo(0, 6);
    expect(confidenceEce(bins)).toBeCloseTo(0, 6);
  });

  it('weights the gap of each bin by its voxels', () => {
    // Gaps 0.2 over 30 voxels and 0.5 over 10.
    const bins = binsOf([...many(30, 0.8, 30), ...many(10, 0.5, 0)]);
    expect(noduleEce(bins)).toBeCloseTo((30 * 0.2 + 10 * 0.5) / 40, 6);
  });

  it('takes the probability of the predicted class as the confidence, as Guo et al. do', () => {
    // Correct in 8 of 10 with confidence 0.92, whichever class; 0.08 and 0.92 are in one bin.
    const bins = binsOf([...many(5, 0.92, 4), ...many(5, 0.08, 1)]);
    expect(confidenceEce(bins)).toBeCloseTo(0.92 - 0.8, 6);
    expect(noduleEce(bins)).toBeCloseTo((5 * 0.12 + 5 * 0.12) / 10, 6);
  });

  it('shows an overconfident network in spite of the background', () => {
    const bins = binsOf([...many(10_000, 0.001, 0), ...many(10, 0.975, 5)]);
    expect(confidenceEce(bins)!).toBeLessThan(0.002);
    expect(noduleEce(bins, 0.05)).toBeCloseTo(0.475, 6);
  });

  it('is null without voxels', () => {
    expect(confidenceEce(emptyBins())).toBeNull();
    expect(noduleEce(binsOf(many(5, 0.01, 0)), 0.05)).toBeNull();
  });

  it('puts each voxel into one bin, also 0 and 1, and sums bins of separate scans', () => {
    const voxel = fc.tuple(fc.float({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1));
    fc.assert(
      fc.property(fc.array(voxel), fc.array(voxel), (a, b) => {
        const [apart, together] = [sumBins([binsOf(a), binsOf(b)]), binsOf([...a, ...b])];
        expect(together.count.reduce((x, y) => x + y, 0)).toBe(a.length + b.length);
        expect(apart.count).toEqual(together.count);
        expect(apart.positives).toEqual(together.positives);
        const [one, other] = [confidenceEce(apart), confidenceEce(together)];
        expect(one === null).toBe(other === null);
        if (one === null) return;
        expect(one).toBeCloseTo(other!, 9);
        expect(one).toBeGreaterThanOrEqual(0);
        expect(one).toBeLessThanOrEqual(1);
      }),
    );
    expect(binsOf([[1, 1]]).count[CALIBRATION_BINS - 1]).toBe(1);
  });
});
