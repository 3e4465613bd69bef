import type { ScanScore } from './matching.js';

/** False components per scan at which half of what they can cost is lost: as many as a reader is asked to bear. */
export const HALF_FALSE_PER_SCAN = 4;

/** What painting where there is nothing costs at most, as a share of the score. */
const MOST_LOST = 0.5;

/**
 * The score that selects a model, 0…1: the mean Dice of the nodules with agreement (missed: 0), times `1 − 0.5 s` where cases are crops of one
 * nodule and times `1 − 0.5 f / (f + 4)` where they are whole scans. `s` is the share of the crops without agreement that were not
 * left empty, `f` the false components per scan. Null without any nodule with agreement.
 *
 * An empty prediction has Dice 0 everywhere; painting everything and marking single voxels have next to none. It is not `joint`: that
 * pays for leaving things empty, and an empty prediction reaches 0.287 of it on LIDC's nodules.
 */
export function selectionScore(cases: readonly ScanScore[]): number | null {
  let [dice, nodules, crops, painted, scans, wrong] = [0, 0, 0, 0, 0, 0];
  for (const one of cases) {
    for (const nodule of one.nodules) {
      if (nodule.overlap.truth > 0) {
        dice += nodule.dice;
        nodules++;
      } else if (one.oneNodule) {
        crops++;
        if (nodule.found) painted++;
      }
    }
    if (one.oneNodule) continue;
    scans++;
    wrong += one.falseComponents;
  }
  if (nodules === 0) return null;
  const share = crops === 0 ? 0 : painted / crops;
  const perScan = scans === 0 ? 0 : wrong / scans;
  return (dice / nodules) * (1 - MOST_LOST * share) * (1 - (MOST_LOST * perScan) / (perScan + HALF_FALSE_PER_SCAN));
}
