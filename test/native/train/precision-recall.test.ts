import { expect, it } from 'vitest';
import { fromData } from '../../../dist/torch/index.js';
import { tensorHistogram } from '../../../dist/train/tensorboard/tensorHistogram.js';
import { PrecisionRecallCounts } from '../../../dist/train/validation/precisionRecall.js';

it('precision-recall counts are the pixels that reach each threshold, over several batches', () => {
  const counts = new PrecisionRecallCounts('cpu');
  // Midpoints between thresholds, so that rounding cannot matter, and both ends.
  const probability = Float32Array.from({ length: 64 }, (_, n) => ((n * 37) % 200) / 200 + 0.0025);
  probability.set([0, 1, Number.NaN]);
  const labelled = Float32Array.from(probability, (_, n) => Number(n % 3 === 0));
  for (const half of [0, 32])
    counts.add(
      fromData(probability.slice(half, half + 32), [2, 1, 4, 4]),
      fromData(labelled.slice(half, half + 32), [2, 1, 4, 4]),
    );
  const read = counts.read();
  expect(read.thresholds).toHaveLength(201);
  expect([read.thresholds[0], read.thresholds[100], read.thresholds[200]]).toEqual([0, 0.5, 1]);
  const count = (rule: (probability: number, label: number) => boolean) =>
    [...probability].filter((value, n) => rule(Number.isNaN(value) ? 0 : value, labelled[n] as number)).length;
  read.thresholds.forEach((t, n) => {
    expect(read.truePositives[n], `${t}`).toBe(count((p, y) => p >= t && y === 1));
    expect(read.falsePositives[n], `${t}`).toBe(count((p, y) => p >= t && y === 0));
    expect(read.falseNegatives[n], `${t}`).toBe(count((p, y) => p < t && y === 1));
    expect(read.trueNegatives[n], `${t}`).toBe(count((p, y) => p < t && y === 0));
  });
  counts.dispose();
});

it('a histogram counts all finite values between their minimum and maximum', () => {
  const found = tensorHistogram(
    fromData(Float32Array.from([0, 0.5, 0.5, 64, Number.NaN, Number.POSITIVE_INFINITY]), [6]),
  );
  expect(found).toMatchObject({ min: 0, max: 64, count: 4, sum: 65, sumOfSquares: 4096.5 });
  expect([...(found?.counts ?? [])].reduce((a, b) => a + b, 0)).toBe(4);
  expect([found?.counts[0], found?.counts[63], found?.limits[63]]).toEqual([3, 1, 64]);
  expect(tensorHistogram(fromData(new Float32Array(3), [3]))).toMatchObject({ limits: [0], counts: [3] });
  expect(tensorHistogram(fromData(Float32Array.of(Number.NaN), [1]))).toBeNull();
});
