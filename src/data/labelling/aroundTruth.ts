import { createHash } from 'node:crypto';
import { type Index3, layOnScan, nearestIndex, readMask, type Volume, warnAboutScan } from '../../ct/index.js';
import type { Annotation, ScanTruth } from '../../labels/index.js';
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

/**
 * Returns a test of whether a place is within a finding's diameter of its centre; in voxels if the spacing is unknown.
 * Findings are sorted into cubes, so that a place is compared with those around it and not with all.
 */
export function nearFindings({ spacing }: Volume, findings: readonly Finding[]): (place: Index3) => boolean {
  if (findings.length === 0) return () => false;
  const [x, y, z] = spacing ?? [1, 1, 1];
  const side = findings.reduce((most, { diameterMm }) => Math.max(most, diameterMm), 0);
  const cubeOf = ([slice, row, column]: Index3) =>
    [Math.floor((slice * z) / side), Math.floor((row * y) / side), Math.floor((column * x) / side)] as const;
  const cubes = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = cubeOf(finding.center).join();
    const own = cubes.get(key);
    if (own === undefined) cubes.set(key, [finding]);
    else own.push(finding);
  }
  return (place) => {
    const [slice, row, column] = place;
    const isNear = ({ center, diameterMm }: Finding) =>
      Math.hypot((slice - center[0]) * z, (row - center[1]) * y, (column - center[2]) * x) < diameterMm;
    const [i, j, k] = cubeOf(place);
    for (let di = -1; di <= 1; di++)
      for (let dj = -1; dj <= 1; dj++)
        for (let dk = -1; dk <= 1; dk++) if (cubes.get(`${i + di},${j + dj},${k + dk}`)?.some(isNear)) return true;
    return false;
  };
}

/**
 * Converts known candidates to voxel positions and decides where background may be: inside the lungs if there is an
 * image of them, and never within an excluded finding's diameter of its centre.
 * @throws NoduleTrainError `mask-shape`, `mask-grid` if the lung image is not of the scan
 */
export async function knownBackground(
  volume: Volume,
  { candidates = [], lungs = null }: ScanTruth,
  ignored: readonly Finding[],
): Promise<Required<KnownBackground>> {
  const inside = lungs === null ? null : await readLungs(volume, lungs);
  const isNear = nearFindings(volume, ignored);
  return {
    candidates: shuffled(volume.uid, candidates).map((point) => nearestIndex(volume, point)),
    allowed: (at, place) => (inside === null || (inside[at] !== 0 && inside[at] !== TRACHEA)) && !isNear(place),
  };
}

async function readLungs(volume: Volume, path: string): Promise<Uint8Array> {
  const { voxels, notes } = layOnScan('lungs', path, await readMask(path), volume, { parts: false });
  for (const note of notes) warnAboutScan(`${path}: ${note}`);
  return voxels;
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
