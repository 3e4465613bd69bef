import { type Index3, type Vector3, type Volume, worldLPS, worldToIndex } from '../../ct/index.js';
import { type AuditFlag, type NoduleToAudit, tolerances } from './auditTypes.js';
import { forEachVoxel } from './noduleVoxels.js';
import { isOutsideVolume } from './pointChecks.js';

/** The lungs of a scan, as the mirror needs them. */
export interface LungField {
  readonly lungs: Uint8Array;
  /** Median of what is dark in the lungs, as stored. */
  readonly median: number;
  /** Denser than this is no lung, as stored. */
  readonly dense: number;
}

/**
 * Flags points that look exchanged left for right: at the point is nothing dense, or no lung near, but at its mirror image lies a
 * dense spot of the annotated size in the lungs. Mirrored is about the middle of the lungs (looked for some millimetres to both sides),
 * about the image's middle, and about x = 0, as a wrong sign of x would.
 */
export function mirrored(volume: Volume, field: LungField, nodules: readonly NoduleToAudit[]): AuditFlag[] {
  const axis = leftRightAxis(volume);
  const middle = middleOfLungs(field.lungs, volume.shape, axis);
  const mm = volume.spacing![2 - axis]!;
  return nodules.flatMap((one, nodule): AuditFlag[] => {
    const { diameterMm } = one;
    const point: Index3 = worldToIndex(volume, one.centerLps);
    if (diameterMm === null || plausible(volume, field, point, diameterMm)) return [];
    const about = (plane: number): Index3 =>
      point.map((place, n) => (n === axis ? 2 * plane - place : place)) as unknown as Index3;
    const places: [string, Index3][] = [
      ["the image's middle", about((volume.shape[axis]! - 1) / 2)],
      ['x = 0', worldMirror(volume, one)],
    ];
    const steps = Math.floor(tolerances.mirrorMm / mm);
    for (let step = 0; step <= steps; step++) {
      for (const side of step === 0 ? [0] : [step, -step]) places.push(["the lungs' middle", about(middle + side / 2)]);
    }
    const found = places.find(([, place]) => isNodule(volume, field, place, diameterMm));
    if (found === undefined) return [];
    const [plane, place] = [found[0], nearest(found[1])];
    return [
      {
        check: 'mirrored',
        severity: 'error',
        nodule,
        message: `Nothing nodule-like lies at the point, but at its mirror image about ${plane}, slice, row, column ${place.join(', ')}: left and right may be exchanged.`,
        figures: { mirrorImage: place, about: plane },
      },
    ];
  });
}

/** Index axis that runs most nearly from right to left: 0 slices, 1 rows, 2 columns. */
function leftRightAxis({ direction }: Volume): 0 | 1 | 2 {
  const along = direction[0].map(Math.abs);
  const most = along.indexOf(Math.max(...along));
  return (2 - most) as 0 | 1 | 2;
}

function middleOfLungs(lungs: Uint8Array, shape: Index3, axis: 0 | 1 | 2): number {
  const counts = new Float64Array(shape[axis]);
  const stride = [shape[1] * shape[2], shape[2], 1][axis]!;
  for (let at = lungs.indexOf(1); at >= 0 && at < lungs.length; at++) {
    if (lungs[at] !== 0) counts[Math.floor(at / stride) % shape[axis]]!++;
  }
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  return (first + last) / 2;
}

function worldMirror(volume: Volume, { centerLps: [x, y, z] }: NoduleToAudit): Index3 {
  return worldToIndex(volume, worldLPS(-x, y, z));
}

/** Share of dense voxels between two distances (mm) from a place; null where none lies there. */
function denseShare(volume: Volume, dense: number, center: Index3, fromMm: number, toMm: number): number | null {
  const [sx, sy, sz] = volume.spacing as Vector3;
  const reach = [toMm / sz, toMm / sy, toMm / sx];
  const low = center.map((place, n) => Math.ceil(place - reach[n]!)) as unknown as Index3;
  const high = center.map((place, n) => Math.floor(place + reach[n]!)) as unknown as Index3;
  let [seen, above] = [0, 0];
  forEachVoxel(volume.shape, low, high, (at, [i, r, c]) => {
    const mm = Math.hypot((i - center[0]) * sz, (r - center[1]) * sy, (c - center[2]) * sx);
    if (mm < fromMm || mm > toMm) return;
    seen++;
    if (volume.voxels[at]! > dense) above++;
  });
  return seen === 0 ? null : above / seen;
}

function inLungs({ lungs }: LungField, { shape: [, rows, columns] }: Volume, center: Index3): boolean {
  const [i, r, c] = nearest(center);
  return lungs[(i * rows + r) * columns + c] === 1;
}

/** Whether a nodule may be at the point: dense, and lung about it, the more of it where the point is outside the lungs (at their wall). */
function plausible(volume: Volume, field: LungField, center: Index3, diameterMm: number): boolean {
  const look = lookAt(volume, field, center, diameterMm);
  if (look === null || look.core < 0.9) return false;
  return look.around < (inLungs(field, volume, center) ? 0.88 : 0.6);
}

/** Whether what lies at a place looks like a nodule of this size: dense, and much lung around it. */
function isNodule(volume: Volume, field: LungField, center: Index3, diameterMm: number): boolean {
  const look = lookAt(volume, field, center, diameterMm);
  return look !== null && look.core >= 0.9 && look.around < 0.68;
}

const shellMm = 5;

/** Dense shares of the middle and of a shell about a nodule of this size; null outside the volume. */
function lookAt(volume: Volume, { dense }: LungField, center: Index3, diameterMm: number) {
  if (isOutsideVolume(volume, nearest(center))) return null;
  // Where no voxel's middle is so near, the nearest one is the nodule's.
  const core = denseShare(volume, dense, center, 0, 0.35 * diameterMm);
  const around = denseShare(volume, dense, center, 0.65 * diameterMm, 0.65 * diameterMm + shellMm);
  if (around === null) return null;
  return { core: core ?? denseShare(volume, dense, nearest(center), 0, 0)!, around };
}

const nearest = (center: Index3): Index3 => center.map(Math.round) as unknown as Index3;
