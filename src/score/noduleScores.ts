import { median } from '../ct/index.js';
import { bootstrapIntervals, type Interval, type IntervalOptions } from './bootstrap.js';
import type { ScanScore } from './matching.js';
import { selectionScore } from './selectionScore.js';

/**
 * Figures over scans, or over crops of one nodule each; docs/reference/figures.md defines them. A nodule has agreement
 * if its truth has any voxel. One without agreement cannot be found and has no Dice. A figure with nothing to compute
 * it from is null.
 */
export interface NoduleScores {
  /** Number of nodules with agreement. */
  nodules: number;
  withoutAgreement: number;
  /** Nodules without agreement at which nothing is predicted. */
  leftEmpty: number;
  leftEmptyShare: number | null;
  /** Nodules with agreement that are found. */
  found: number;
  /** found / nodules. */
  sensitivity: number | null;
  /** Mean over the nodules with agreement; 0 for one at which nothing is predicted. */
  dice3d: number | null;
  dice3dMedian: number | null;
  /** 2ΣTP / (2ΣTP + ΣFP + ΣFN) over all voxels of all scans. */
  dice3dPooled: number | null;
  /** Nodules with agreement and Dice 0. */
  missed: number;
  missedShare: number | null;
  /** Mean over all nodules: the Dice if there is agreement, else 1 if left empty and 0 if not. */
  joint: number | null;
  /** `joint` of an empty prediction. */
  jointOfEmpty: number | null;
  falsePerScan: number;
  /** See {@link selectionScore}. */
  quality: number | null;
}

/** Aggregates the scores of scans. */
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
    dice3dMedian: median(Float64Array.from(dice)),
    dice3dPooled: share(2 * shared, both),
    missed,
    missedShare: share(missed, nodules),
    joint: share(sum + leftEmpty, all),
    jointOfEmpty: share(withoutAgreement, all),
    falsePerScan: share(wrong, scans.length) ?? 0,
    quality: selectionScore(scans),
  };
}

/** Figures with an interval: all except the two plain counts. */
export type NoduleInterval = Exclude<keyof NoduleScores, 'nodules' | 'found'>;

/**
 * Computes 95 % intervals of the same figures by bootstrap over patients; each sample has as many patients as there
 * are.
 */
export function noduleIntervals(
  patients: readonly (readonly ScanScore[])[],
  options: IntervalOptions = {},
): Record<NoduleInterval, Interval | null> {
  return bootstrapIntervals(
    patients,
    (sample) => {
      const { nodules: _, found: __, ...figures } = noduleScores(sample.flat());
      return figures;
    },
    options,
  );
}
