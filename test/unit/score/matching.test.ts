import { describe, expect, it } from 'vitest';
import { dice, hits, noduleScores, overlap, scoreScan, selectionScore } from '../../../dist/score/index.js';

const shape = [20, 40, 40] as const;
const spacing = [1, 1, 2] as const;
const nodules = [
  { centerIRC: [8, 12, 12] as const, diameterMm: 10 },
  { centerIRC: [12, 28, 30] as const, diameterMm: 8 },
];

const ballsMask = (balls: readonly { centerIRC: readonly number[]; diameterMm: number }[]) => {
  const mask = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (let v = 0; v < mask.length; v++) {
    const at = [Math.floor(v / 1600), Math.floor(v / 40) % 40, v % 40];
    for (const { centerIRC, diameterMm } of balls) {
      const [i, r, c] = at.map((x, axis) => (x - centerIRC[axis]!) * [2, 1, 1][axis]!) as [number, number, number];
      if (i * i + r * r + c * c <= (diameterMm / 2) ** 2) mask[v] = 1;
    }
  }
  return mask;
};
const truth = ballsMask(nodules);
const score = (prediction: Uint8Array) => scoreScan({ prediction, truth, shape, spacing, nodules });

describe('Dice', () => {
  it('is 2 |P and T| / (|P| + |T|)', () => {
    expect(dice(overlap([1, 1, 0, 0], [0, 1, 1, 0]))).toBe(0.5);
  });
  it('is 0 if only the prediction or only the truth is empty', () => {
    expect(dice(overlap([1, 0], [0, 0]))).toBe(0);
    expect(dice(overlap([0, 0], [1, 0]))).toBe(0);
  });
  it('is undefined if both are empty', () => {
    expect(dice(overlap([0, 0], [0, 0]))).toBeNull();
  });
  it('refuses masks of different scans', () => {
    expect(() => overlap([1], [1, 0])).toThrow(
      'comparing masks: the prediction has 1 voxels, expected 2 as in the truth',
    );
  });
});

describe('scoring a scan', () => {
  it('finds every nodule in the truth itself, with Dice 1 and nothing false', () => {
    const { nodules: scores, falseComponents } = score(truth);
    expect(scores.map(({ found, dice: d }) => [found, d])).toEqual([
      [true, 1],
      [true, 1],
    ]);
    expect(falseComponents).toBe(0);
  });

  it('counts a component elsewhere as false, and two on one nodule as one hit and none false', () => {
    const mask = ballsMask([{ centerIRC: [3, 35, 6], diameterMm: 4 }]);
    for (const c of [10, 14]) mask[(8 * 40 + 12) * 40 + c] = 1;
    const result = score(mask);
    expect(result.nodules.map(({ found }) => found)).toEqual([true, false]);
    expect([result.falseComponents, result.predictedComponents]).toEqual([1, 3]);
  });

  it('gives Dice 0 to a nodule at which nothing is predicted', () => {
    const { nodules: scores } = score(ballsMask([nodules[0]!]));
    expect(scores[1]).toMatchObject({ found: false, dice: 0, overlap: { shared: 0, predicted: 0 } });
  });

  it('counts all of a component that continues beyond the nodule', () => {
    const mask = ballsMask([nodules[0]!]);
    for (let c = 12; c < 40; c++) mask[(8 * 40 + 12) * 40 + c] = 1;
    const { overlap: counts } = score(mask).nodules[0]!;
    expect(counts.predicted).toBe(counts.truth + 28 - 6);
  });

  it('measures the radius in millimetres', () => {
    expect(hits({ centerIRC: [10.5, 12, 12] }, nodules[0]!, spacing)).toBe(true);
    expect(hits({ centerIRC: [10.6, 12, 12] }, nodules[0]!, spacing)).toBe(false);
    expect(hits({ centerIRC: [8, 17, 12] }, nodules[0]!, spacing)).toBe(true);
  });

  it('neither rewards nor penalizes an ignored finding', () => {
    const ignored = [{ centerIRC: [3, 35, 6] as const, diameterMm: 6 }];
    const result = scoreScan({ prediction: ballsMask(ignored), truth, shape, spacing, nodules, ignored });
    expect(result.falseComponents).toBe(0);
    expect(result.nodules.every(({ found }) => !found)).toBe(true);
  });

  it('divides the truth between touching nodules by their radii', () => {
    const pair = [
      { centerIRC: [8, 12, 12] as const, diameterMm: 10 },
      { centerIRC: [8, 12, 21] as const, diameterMm: 8 },
    ];
    const both = ballsMask(pair);
    const { nodules: scores } = scoreScan({ prediction: both, truth: both, shape, spacing, nodules: pair });
    const sizes = scores.map(({ overlap: o }) => o.truth);
    expect(sizes[0]! + sizes[1]!).toBe(both.reduce((a, b) => a + b, 0));
    expect(sizes[0]).toBeGreaterThan(sizes[1]!);
  });
});

describe('the score that selects a model, on whole scans', () => {
  const quality = (prediction: Uint8Array) => selectionScore([score(prediction)]);
  it('is 1 for the truth', () => expect(quality(truth)).toBe(1));
  it('is low for predicting everything', () =>
    expect(quality(new Uint8Array(truth.length).fill(1))).toBeLessThan(0.04));
  it('is 0 for predicting nothing', () => expect(quality(new Uint8Array(truth.length))).toBe(0));
  it('is low for a single voxel, even in the middle of each nodule', () => {
    const mask = new Uint8Array(truth.length);
    for (const { centerIRC } of nodules) mask[(centerIRC[0] * 40 + centerIRC[1]) * 40 + centerIRC[2]] = 1;
    expect(noduleScores([score(mask)])).toMatchObject({ found: 2, sensitivity: 1, falsePerScan: 0 });
    expect(quality(mask)).toBeLessThan(0.02);
  });
  it('prefers a good mask with a false component to a poor one without', () => {
    const noisy = Uint8Array.from(truth);
    noisy[0] = 1;
    expect(quality(noisy)).toBeGreaterThan(quality(ballsMask(nodules.map((n) => ({ ...n, diameterMm: 4 }))))!);
    expect(quality(noisy)).toBeLessThan(1);
  });
  it('falls with every false component, to no less than half of the Dice', () => {
    const withFalse = (count: number) => {
      const mask = Uint8Array.from(truth);
      for (let n = 0; n < count; n++) mask[2 * n] = 1;
      return quality(mask)!;
    };
    const scores = [0, 1, 4, 12].map(withFalse);
    expect(scores).toEqual([1, 0.9, 0.75, 0.625]);
  });
  it('is undefined without any nodule', () => {
    const empty = { truth: new Uint8Array(truth.length), shape, spacing, nodules: [] };
    expect(selectionScore([scoreScan({ ...empty, prediction: empty.truth })])).toBeNull();
    expect(noduleScores([scoreScan({ ...empty, prediction: truth })])).toMatchObject({
      quality: null,
      dice3dPooled: 0,
    });
  });
});
