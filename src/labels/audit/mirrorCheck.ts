import { type Index3, type Vector3, type Volume, worldLPS, worldToIndex } from '../../ct/index.js';
import { type AuditFlag, type NoduleToAudit, tolerances } from './auditTypes.js';
import { forEachVoxel } from './noduleVoxels.js';
import { isOutsideVolume } from './pointChecks.js';

/** The lungs of a scan and the density that separates them from tissue. */
export interface LungField {
  /** 1 in the lungs; `[slices, rows, columns]`. */
  readonly lungs: Uint8Array;
  /** Stored values above this are not lung. */
  readonly dense: number;
}

/**
 * Flags points with left and right swapped: nothing dense at the point, or no lung around it, but a dense spot of the
 * annotated size in the lungs at its mirror image. It mirrors about the middle of the lungs (and some millimetres to
 * both sides), about the middle of the image, and about x = 0, which a wrong sign of x amounts to.
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
        message:
          `Nothing nodule-like at the point, but at its mirror image about ${plane} ` +
          `(slice, row, column ${place.join(', ')}): left and right may be swapped.`,
        figures: { mirrorImage: place, about: plane },
      },
    ];
  });
}

/** Index axis closest to the left-right direction: 0 slices, 1 rows, 2 columns. */
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

/** Share of dense voxels at distances of `fromMm` to `toMm` from `center`; null if there is no voxel. */
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

/** Whether the point may be a nodule: dense, with lung around it, and more of it if the point is at the lung wall. */
function plausible(volume: Volume, field: LungField, center: Index3, diameterMm: number): boolean {
  const look = lookAt(volume, field, center, diameterMm);
  if (look === null || look.core < 0.9) return false;
  return look.around < (inLungs(field, volume, center) ? 0.88 : 0.6);
}

/** Whether a place looks like a nodule of this size: dense, with much lung around it. */
function isNodule(volume: Volume, field: LungField, center: Index3, diameterMm: number): boolean {
  const look = lookAt(volume, field, center, diameterMm);
  return look !== null && look.core >= 0.9 && look.around < 0.68;
}

/** Thickness of the shell around a nodule. */
const SHELL_MM = 5;

/** Dense shares of the core and of a shell around a nodule of this size; null outside the volume. */
function lookAt(volume: Volume, { dense }: LungField, center: Index3, diameterMm: number) {
  if (isOutsideVolume(volume, nearest(center))) return null;
  // In a coarse grid no voxel centre may fall into the core: use the nearest voxel.
  const core = denseShare(volume, dense, center, 0, 0.35 * diameterMm);
  const around = denseShare(volume, dense, center, 0.65 * diameterMm, 0.65 * diameterMm + SHELL_MM);
  if (around === null) return null;
  return { core: core ?? denseShare(volume, dense, nearest(center), 0, 0)!, around };
}

const nearest = (center: Index3): Index3 => center.map(Math.round) as unknown as Index3;
