import { bootstrapInterval, type Interval, type IntervalOptions } from './bootstrap.js';
import type { NoduleScore, ScanScore } from './matching.js';

/**
 * Figures over scans; `dice3d` is 0 for nodules where nothing is predicted. Nodules without any voxel of truth, such as those that no two
 * readers agree on, cannot be found and are counted apart.
 */
export interface NoduleScores {
  nodules: number;
  withoutAgreement: number;
  /** Of those without agreement: no predicted component lies there. */
  leftEmpty: number;
  found: number;
  /** found / nodules; null without nodules. */
  sensitivity: number | null;
  /** Mean Dice over all nodules; null without nodules. */
  dice3d: number | null;
  falsePerScan: number;
  /** See {@link noduleQuality}; null where there is nothing to find and nothing was painted. */
  quality: number | null;
}

/** Sums the scores of scans. */
export function noduleScores(scans: readonly ScanScore[]): NoduleScores {
  const all = scans.flatMap((scan) => scan.nodules);
  const [nodules, without] = [all.filter(agreed), all.filter((nodule) => !agreed(nodule))];
  const found = nodules.filter((nodule) => nodule.found).length;
  const falseComponents = scans.reduce((sum, scan) => sum + scan.falseComponents, 0);
  return {
    nodules: nodules.length,
    withoutAgreement: without.length,
    leftEmpty: without.filter((nodule) => !nodule.found).length,
    found,
    sensitivity: nodules.length === 0 ? null : found / nodules.length,
    dice3d: nodules.length === 0 ? null : nodules.reduce((sum, nodule) => sum + nodule.dice, 0) / nodules.length,
    falsePerScan: scans.length === 0 ? 0 : falseComponents / scans.length,
    quality: noduleQuality(scans),
  };
}

const agreed = ({ overlap }: NoduleScore): boolean => overlap.truth > 0;

/** How much a false component costs beside a nodule that is missed. */
export const FALSE_COMPONENT_WEIGHT = 0.125;

/**
 * The score that selects the best model: Σ Dice of the found nodules / (nodules + w · false components), pooled over scans.
 *
 * It is panoptic quality (Kirillov et al. 2019) with Dice for IoU, and with a false component at `falseWeight` of a miss, as
 * readers accept a few of them per scan. Painting everything gives one component that finds nothing, painting nothing finds
 * nothing: both are 0; single voxels in the nodules' middle have next to no Dice.
 */
export function noduleQuality(scans: readonly ScanScore[], falseWeight = FALSE_COMPONENT_WEIGHT): number | null {
  let gained = 0;
  let possible = 0;
  for (const { nodules: all, falseComponents } of scans) {
    const nodules = all.filter(agreed);
    for (const nodule of nodules) if (nodule.found) gained += nodule.dice;
    possible += nodules.length + falseWeight * falseComponents;
  }
  return possible === 0 ? null : gained / possible;
}

/** 95 % intervals of the same figures, resampling patients. */
export function noduleIntervals(
  patients: readonly (readonly ScanScore[])[],
  options: IntervalOptions = {},
): Record<'sensitivity' | 'dice3d' | 'falsePerScan' | 'quality', Interval | null> {
  const of = (name: 'sensitivity' | 'dice3d' | 'falsePerScan' | 'quality') =>
    bootstrapInterval(patients, (drawn) => noduleScores(drawn.flat())[name], options);
  return {
    sensitivity: of('sensitivity'),
    dice3d: of('dice3d'),
    falsePerScan: of('falsePerScan'),
    quality: of('quality'),
  };
}
