import { createHash } from 'node:crypto';
import { nearestIndex, readMask, type Volume } from '../../ct/index.js';
import type { Annotation, ScanTruth } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { KnownBackground } from './backgroundPoints.js';
import type { Finding } from './labelledScan.js';
import type { Triple } from './noduleSlices.js';

/** Of an excluded finding whose size is unknown, as LUNA16's own evaluation takes it. */
const unknownDiameterMm = 10;

/** In LUNA16's images of the lungs, which are 3 and 4. */
const trachea = 5;

/** Excluded findings as places of the scan. */
export const ignoredFindings = (volume: Volume, excluded: readonly Annotation[]): Finding[] =>
  excluded.map(({ center, diameterMm }) => ({
    center: nearestIndex(volume, center) as unknown as Triple,
    diameterMm: diameterMm ?? unknownDiameterMm,
  }));

/**
 * Known candidates as places of the scan, and where background may be: in the lungs where there is an image of them, and never within
 * an excluded finding's diameter of its centre.
 * @throws NoduleTrainError `mask-shape` where the image of the lungs is of another scan
 */
export async function knownBackground(
  volume: Volume,
  { candidates = [], lungs = null }: ScanTruth,
  ignored: readonly Finding[],
): Promise<Required<KnownBackground>> {
  const inside = lungs === null ? null : (await readMask(lungs)).voxels;
  if (inside !== null && inside.length !== volume.voxels.length)
    throw new NoduleTrainError(
      'mask-shape',
      `reading the lungs ${lungs}: they have ${inside.length} voxels, but their scan ${volume.uid} [${volume.shape}]; give the lungs of this scan`,
    );
  const [x, y, z] = volume.spacing ?? [1, 1, 1];
  const near = ([slice, row, column]: Triple) =>
    ignored.some(
      ({ center, diameterMm }) =>
        Math.hypot((slice - center[0]) * z, (row - center[1]) * y, (column - center[2]) * x) < diameterMm,
    );
  return {
    candidates: inNoOrder(volume.uid, candidates).map((point) => nearestIndex(volume, point) as unknown as Triple),
    allowed: (at, place) => (inside === null || (inside[at] !== 0 && inside[at] !== trachea)) && !near(place),
  };
}

/** Lists go through a scan from one end to the other, and only their first places are taken. The same order each time. */
function inNoOrder<T>(uid: string, list: readonly T[]): T[] {
  const key = (i: number) => createHash('sha256').update(`nodule-train:candidates:${uid}:${i}`).digest('hex');
  return list
    .map((one, i) => ({ one, key: key(i) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ one }) => one);
}
