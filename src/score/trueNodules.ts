import type { LabelledScan } from '../data/labelledScan.js';
import type { TrueNodule } from './matching.js';

/**
 * The nodules of a scan as the scores want them; one without a diameter has that of the sphere of its mask's volume. Where the file knows no
 * spacing, all is in voxels.
 */
export function trueNodules({ nodules, volume }: Pick<LabelledScan, 'nodules' | 'volume'>): TrueNodule[] {
  const [x, y, z] = volume.spacing ?? [1, 1, 1];
  return nodules.map(({ center, diameterMm, voxels }) => ({
    centerIRC: center,
    diameterMm: diameterMm ?? 2 * Math.cbrt((3 * voxels * x * y * z) / (4 * Math.PI)),
  }));
}

/** Its findings that are neither wanted nor false. */
export const ignoredNodules = ({ ignored = [] }: Pick<LabelledScan, 'ignored'>): TrueNodule[] =>
  ignored.map(({ center, diameterMm }) => ({ centerIRC: center, diameterMm }));
