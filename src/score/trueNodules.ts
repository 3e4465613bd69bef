import { type LabelledScan, noduleDiameter } from '../data/index.js';
import type { TrueNodule } from './matching.js';

/**
 * The nodules of a scan as the scores want them; one without a diameter has that of the sphere of its mask's volume. Where the file knows no
 * spacing, all is in voxels.
 */
export function trueNodules({ nodules, volume }: Pick<LabelledScan, 'nodules' | 'volume'>): TrueNodule[] {
  return nodules.map((nodule) => ({ centerIRC: nodule.center, diameterMm: noduleDiameter(nodule, volume) }));
}

/** Its findings that are neither wanted nor false. */
export const ignoredNodules = ({ ignored = [] }: Pick<LabelledScan, 'ignored'>): TrueNodule[] =>
  ignored.map(({ center, diameterMm }) => ({ centerIRC: center, diameterMm }));
