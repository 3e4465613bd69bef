import { type LabelledScan, noduleDiameter } from '../data/index.js';
import type { TrueNodule } from './matching.js';

/**
 * Converts the nodules of a scan for scoring. One without a diameter gets that of the sphere with its mask's volume.
 * With unknown spacing, diameters are in voxels.
 */
export function trueNodules({ nodules, volume }: Pick<LabelledScan, 'nodules' | 'volume'>): TrueNodule[] {
  return nodules.map((nodule) => ({ centerIRC: nodule.center, diameterMm: noduleDiameter(nodule, volume) }));
}

/** Converts the ignored findings of a scan for scoring. */
export const ignoredNodules = ({ ignored = [] }: Pick<LabelledScan, 'ignored'>): TrueNodule[] =>
  ignored.map(({ center, diameterMm }) => ({ centerIRC: center, diameterMm }));
