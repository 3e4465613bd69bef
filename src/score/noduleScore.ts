import { bootstrapIntervals, type Interval, type IntervalOptions } from './bootstrap.js';
import type { ScanScore } from './matching.js';
import { selectionScore } from './selectionScore.js';

/**
 * Figures over scans, or over crops of one nodule each; docs/reference/figures.md defines them. A nodule has agreement where its truth has any voxel;
 * one without cannot be found and has no Dice. What there is nothing to compute from is null.
 */
export interface NoduleScores {
  /** With agreement. */
  nodules: number;
  withoutAgreement: number;
  /** Of those without agreement: nothing is predicted there. */
  leftEmpty: number;
  leftEmptyShare: number | null;
  /** Of those with agreement. */
  found: number;
  /** found / nodules. */
  sensitivity: number | null;
  /** Mean over the nodules with agreement, 0 for one where nothing is predicted. */
  dice3d: number | null;
  dice3dMedian: number | null;
  /** 2ΣTP / (2ΣTP + ΣFP + ΣFN) over all voxels of all scans. */
  dice3dPooled: number | null;
  /** With agreement, and Dice 0. */
  missed: number;
  missedShare: number | null;
  /** Mean over all nodules of the Dice where there is agreement, else 1 if left empty and 0 if not. */
  joint: number | null;
  /** What an empty prediction gets there. */
  jointOfEmpty: number | null;
  falsePerScan: number;
  /** See {@link selectionScore}. */
  quality: number | null;
}

/** Sums the scores of scans. */
export function noduleScores(scans: readonly ScanScore[]): NoduleScores {
  const dice: number[] = [];
  let [withoutAgreement, leftEmpty, found, missed, wrong, shared, both] = [0, 0, 0, 0, 0, 0, 0];
  for (const { nodules, falseComponents, overlap } of scans) {
    for (const nodule of nodules) {
      if (nodule.overlap.truth === 0) {
        withoutAgreement++;
        if (!nodule.found) leftEmpty++;
        continue;
      }
      dice.push(nodule.dice);
      if (nodule.dice === 0) missed++;
      if (nodule.found) found++;
    }
    wrong += falseComponents;
    shared += overlap.shared;
    both += overlap.predicted + overlap.truth;
  }
  const nodules = dice.length;
  const all = nodules + withoutAgreement;
  const sum = dice.reduce((total, one) => total + one, 0);
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return {
    nodules,
    withoutAgreement,
    leftEmpty,
    leftEmptyShare: share(leftEmpty, withoutAgreement),
    found,
    sensitivity: share(found, nodules),
    dice3d: share(sum, nodules),
    dice3dMedian: median(dice),
    dice3dPooled: share(2 * shared, both),
    missed,
    missedShare: share(missed, nodules),
    joint: share(sum + leftEmpty, all),
    jointOfEmpty: share(withoutAgreement, all),
    falsePerScan: share(wrong, scans.length) ?? 0,
    quality: selectionScore(scans),
  };
}

/** Figures with an interval: all but the two that only count what there is. */
export type NoduleInterval = Exclude<keyof NoduleScores, 'nodules' | 'found'>;

/** 95 % intervals of the same figures, resampling patients; counts are those of as many patients as there are. */
export function noduleIntervals(
  patients: readonly (readonly ScanScore[])[],
  options: IntervalOptions = {},
): Record<NoduleInterval, Interval | null> {
  return bootstrapIntervals(
    patients,
    (drawn) => {
      const { nodules: _, found: __, ...figures } = noduleScores(drawn.flat());
      return figures;
    },
    options,
  );
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
