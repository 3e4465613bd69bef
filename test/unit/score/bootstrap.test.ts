import { describe, expect, it } from 'vitest';
import { bootstrapInterval, noduleIntervals } from '../../../dist/score/index.js';

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('the bootstrap interval over patients', () => {
  const values = Array.from({ length: 100 }, (_, n) => (n * 37) % 100);

  it('is close to mean ± 1.96 standard errors for a mean', () => {
    const { low, high } = bootstrapInterval(values, mean)!;
    const error = Math.sqrt(mean(values.map((v) => (v - mean(values)) ** 2)) / values.length);
    expect(low).toBeCloseTo(mean(values) - 1.96 * error, -0.5);
    expect(high).toBeCloseTo(mean(values) + 1.96 * error, -0.5);
  });

  it('depends only on the seed', () => {
    expect(bootstrapInterval(values, mean, { seed: 5 })).toEqual(bootstrapInterval(values, mean, { seed: 5 }));
    expect(bootstrapInterval(values, mean, { seed: 5 })).not.toEqual(bootstrapInterval(values, mean, { seed: 6 }));
  });

  it('is wider if the same values belong to fewer patients', () => {
    const sorted = [...values].sort((a, b) => a - b);
    const patients = Array.from({ length: 10 }, (_, n) => sorted.slice(n * 10, n * 10 + 10));
    const grouped = bootstrapInterval(patients, (sample) => mean(sample.flat()))!;
    const single = bootstrapInterval(values, mean)!;
    expect(grouped.high - grouped.low).toBeGreaterThan(2 * (single.high - single.low));
  });

  it('skips samples without a value, and is null if no sample has one', () => {
    expect(bootstrapInterval([1, 2], () => null)).toBeNull();
    expect(bootstrapInterval([], mean)).toBeNull();
    expect(bootstrapInterval([0, 1], (sample) => (sample.includes(1) ? 1 : null))).toEqual({ low: 1, high: 1 });
  });

  it('refuses a level outside 0 to 1', () => {
    expect(() => bootstrapInterval([1], mean, { level: 95 })).toThrow(
      'level is 95 and resamples 2000, expected a level between 0 and 1',
    );
  });

  it('applies to the figures of nodules', () => {
    const nodule = { centerIRC: [0, 0, 0] as const, diameterMm: 5 };
    const scan = (found: boolean) => ({
      nodules: [{ nodule, found, dice: found ? 0.8 : 0, overlap: { shared: 0, predicted: 0, truth: 1 } }],
      falseComponents: 2,
      predictedComponents: 3,
      overlap: { shared: 0, predicted: 0, truth: 1 },
    });
    const intervals = noduleIntervals([[scan(true)], [scan(false)], [scan(true)], [scan(true)]]);
    expect(intervals.falsePerScan).toEqual({ low: 2, high: 2 });
    expect(intervals.sensitivity!.low).toBeLessThan(0.75);
    expect(intervals.sensitivity!.high).toBe(1);
  });
});
