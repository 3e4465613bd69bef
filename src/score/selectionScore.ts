import type { ScanScore } from './matching.js';

/** False components per scan that cost half of the largest penalty: about as many as a reader may be asked to check. */
export const HALF_FALSE_PER_SCAN = 4;

/** Largest penalty for predicting voxels where there is no nodule, as a share of the score. */
const MOST_LOST = 0.5;

/**
 * Computes the score that selects a model, from 0 to 1: the mean Dice of the nodules with agreement (0 for a missed
 * one), times `1 − 0.5 s` for crops of one nodule, times `1 − 0.5 f / (f + 4)` for whole scans. `s` is the share of
 * crops without agreement in which something is predicted, `f` the number of false components per scan. Null if no
 * nodule has agreement.
 *
 * An empty prediction scores 0; predicting everything, or single voxels, scores close to 0. The score differs from
 * `joint`, which rewards empty predictions: an entirely empty one reaches a `joint` of 0.287 on LIDC's nodules.
 */
export function selectionScore(cases: readonly ScanScore[]): number | null {
  let [dice, nodules, crops, notEmpty, scans, wrong] = [0, 0, 0, 0, 0, 0];
  for (const one of cases) {
    for (const nodule of one.nodules) {
      if (nodule.overlap.truth > 0) {
        dice += nodule.dice;
        nodules++;
      } else if (one.oneNodule) {
        crops++;
        if (nodule.found) notEmpty++;
      }
    }
    if (one.oneNodule) continue;
    scans++;
    wrong += one.falseComponents;
  }
  if (nodules === 0) return null;
  const share = crops === 0 ? 0 : notEmpty / crops;
  const perScan = scans === 0 ? 0 : wrong / scans;
  return (dice / nodules) * (1 - MOST_LOST * share) * (1 - (MOST_LOST * perScan) / (perScan + HALF_FALSE_PER_SCAN));
}
