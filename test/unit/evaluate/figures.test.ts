import { describe, expect, it } from 'vitest';
import { computeFigures, type ScoredScan } from '../../../dist/evaluate/figures.js';

const nodule = (dice: number, found: boolean, truth = 100) => ({
  nodule: { centerIRC: [0, 0, 0] as const, diameterMm: 8 },
  found,
  dice,
  overlap: { shared: Math.round((dice * (truth + 100)) / 2), predicted: 100, truth },
});

const scan = (
  uid: string,
  model: ScoredScan['model']['nodules'],
  falseComponents: number,
  baselineFound: boolean[],
): ScoredScan => ({
  uid,
  patient: uid,
  model: {
    nodules: model,
    falseComponents,
    predictedComponents: model.length + falseComponents,
    overlap: { shared: 50, predicted: 100, truth: 100 },
  },
  baseline: { nodules: baselineFound.map((found) => ({ found })), falseComponents: 9 },
});

describe('the figures of an evaluation', () => {
  const scans = [
    scan('a', [nodule(0.8, true), nodule(0, false)], 2, [true, false]),
    scan('b', [nodule(0.6, true), nodule(0, true, 0), nodule(0, false, 0)], 0, [false, false, false]),
  ];
  const figures = computeFigures(scans, { resamples: 200 });

  it('counts nodules, those found with agreement, and false components, for the model and for the baseline', () => {
    expect(figures).toMatchObject({ scans: 2, patients: 2, nodules: 5, found: 2, falsePerScan: 1 });
    expect(figures.sensitivity).toBeCloseTo(2 / 3, 12);
    expect(figures.baseline).toEqual({ found: 1, sensitivity: expect.closeTo(1 / 3, 12), falsePerScan: 9 });
  });

  it('averages Dice over nodules with agreement only, a missed one as 0', () => {
    expect(figures.dice3d.mean).toBeCloseTo((0.8 + 0 + 0.6) / 3, 12);
    expect(figures.dice3d.median).toBe(0.6);
    expect(figures.dice3d.pooled).toBe(0.5);
    expect([figures.missed, figures.missedShare]).toEqual([1, expect.closeTo(1 / 3, 12)]);
  });

  it('counts nodules without agreement separately, and gives the joint score of an empty prediction', () => {
    expect(figures).toMatchObject({ withoutAgreement: 2, leftEmpty: 1, leftEmptyShare: 0.5 });
    expect(figures.joint).toBeCloseTo((0.8 + 0 + 0.6 + 0 + 1) / 5, 12);
    expect(figures.jointOfEmpty).toBe(0.4);
  });

  it('computes intervals over patients, also for the difference to the baseline', () => {
    const { sensitivity, sensitivityOverBaseline, dice3d, missed, missedShare, joint } = figures.intervals;
    // Two patients: the samples are aa, ab, bb, so the ends are those of one patient alone.
    expect(sensitivity).toEqual({ low: 0.5, high: 1 });
    expect(sensitivityOverBaseline).toEqual({ low: 0, high: 1 });
    expect(dice3d).toEqual({ low: 0.4, high: 0.6 });
    expect([missed, missedShare]).toEqual([
      { low: 0, high: 2 },
      { low: 0, high: 0.5 },
    ]);
    expect(joint).toEqual({ low: 0.4, high: expect.closeTo(1.6 / 3, 12) });
  });

  it('has an interval for every figure', () => {
    const names = [
      'dice3d',
      'dice3dMedian',
      'dice3dPooled',
      'missed',
      'withoutAgreement',
      'leftEmpty',
      'joint',
    ] as const;
    for (const name of [...names, 'jointOfEmpty', 'leftEmptyShare', 'quality', 'falsePerScan'] as const)
      expect(figures.intervals[name], name).toMatchObject({ low: expect.any(Number), high: expect.any(Number) });
  });

  it('keeps the scans of one patient together', () => {
    const one = computeFigures(
      scans.map((each) => ({ ...each, patient: 'x' })),
      { resamples: 50 },
    );
    expect(one.patients).toBe(1);
    expect(one.intervals.dice3d).toEqual({ low: one.dice3d.mean, high: one.dice3d.mean });
  });

  it('is null, not NaN, when there is nothing to divide by', () => {
    const empty = computeFigures([]);
    expect(empty).toMatchObject({ nodules: 0, sensitivity: null, falsePerScan: 0, joint: null });
    expect(empty.dice3d).toEqual({ mean: null, median: null, pooled: null });
    expect(empty.intervals.dice3d).toBeNull();
  });
});
