import { createHash } from 'node:crypto';
import { type Index3, nearestIndex, readMask, type Volume } from '../../ct/index.js';
import type { Annotation, ScanTruth } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { KnownBackground } from './backgroundPoints.js';
import type { Finding } from './labelledScan.js';

/** Diameter of an excluded finding whose size is unknown, as in LUNA16's own evaluation. */
export const UNKNOWN_DIAMETER_MM = 10;

/** Value of the trachea in LUNA16's lung images; the lungs are 3 and 4. */
const TRACHEA = 5;

/** Converts excluded findings to voxel positions. */
export function ignoredFindings(volume: Volume, excluded: readonly Annotation[]): Finding[] {
  return excluded.map(({ center, diameterMm }) => ({
    center: nearestIndex(volume, center),
    diameterMm: diameterMm ?? UNKNOWN_DIAMETER_MM,
  }));
}

/** Whether a place is within a finding's diameter of its centre; in voxels if the spacing is unknown. */
export function isNearFinding({ spacing }: Volume, place: Index3, findings: readonly Finding[]): boolean {
  const [x, y, z] = spacing ?? [1, 1, 1];
  const [slice, row, column] = place;
  return findings.some(
    ({ center, diameterMm }) =>
      Math.hypot((slice - center[0]) * z, (row - center[1]) * y, (column - center[2]) * x) < diameterMm,
  );
}

/**
 * Converts known candidates to voxel positions and decides where background may be: inside the lungs if there is an
 * image of them, and never within an excluded finding's diameter of its centre.
 * @throws NoduleTrainError `mask-shape` if the lung image has another number of voxels than the scan
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
      `reading the lungs ${lungs}: found ${inside.length} voxels, expected ${volume.voxels.length} as in the scan ` +
        `${volume.uid} [${volume.shape}]. Give the lung image of this scan.`,
    );
  return {
    candidates: shuffled(volume.uid, candidates).map((point) => nearestIndex(volume, point)),
    allowed: (at, place) =>
      (inside === null || (inside[at] !== 0 && inside[at] !== TRACHEA)) && !isNearFinding(volume, place, ignored),
  };
}

/**
 * Shuffles a list in an order that depends on the series UID alone. Candidate lists run from one end of a scan to the
 * other and only their first entries are used, which would otherwise all lie at one end.
 */
function shuffled<T>(uid: string, list: readonly T[]): T[] {
  const key = (i: number) => createHash('sha256').update(`nodule-train:candidates:${uid}:${i}`).digest('hex');
  return list
    .map((one, i) => ({ one, key: key(i) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ one }) => one);
}
