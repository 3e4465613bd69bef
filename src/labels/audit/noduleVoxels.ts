import type { Index3 } from '../../ct/index.js';
import type { ScanToAudit } from './auditTypes.js';

/**
 * Lists each nodule's labelled voxels as flat positions: those in its box. Where boxes overlap, a voxel belongs to the
 * nearest point. Annotations of one nodule (`sameNodule`) share their voxels. Boxes may extend beyond the volume.
 */
export function noduleVoxels(
  { volume, mask, nodules }: ScanToAudit,
  sameNodule: (a: number, b: number) => boolean,
): readonly (readonly number[])[] {
  const [sx, sy, sz] = volume.spacing ?? [1, 1, 1];
  const squaredMm = (place: Index3, [i, r, c]: Index3) =>
    ((place[0] - i) * sz) ** 2 + ((place[1] - r) * sy) ** 2 + ((place[2] - c) * sx) ** 2;
  return nodules.map(({ center, box }, own) => {
    const rivals = nodules.filter((other, n) => n !== own && boxesMeet(box, other.box) && !sameNodule(own, n));
    const found: number[] = [];
    forEachVoxel(volume.shape, box.low, box.high, (at, place) => {
      if (mask[at] === 0) return;
      const distance = squaredMm(place, center);
      if (!rivals.some((rival) => squaredMm(place, rival.center) < distance)) found.push(at);
    });
    return found;
  });
}

type Box = { readonly low: Index3; readonly high: Index3 };

/** Whether two boxes share a voxel or touch, by faces, edges or corners. */
export const boxesMeet = (a: Box, b: Box): boolean =>
  a.low.every((low, axis) => low <= b.high[axis]! + 1 && b.low[axis]! <= a.high[axis]! + 1);

/**
 * Calls `visit` with the flat position and the [slice, row, column] of each voxel of a box that is inside the volume.
 */
export function forEachVoxel(
  [slices, rows, columns]: Index3,
  low: Index3,
  high: Index3,
  visit: (at: number, place: Index3) => void,
): void {
  for (let i = Math.max(0, low[0]); i <= Math.min(slices - 1, high[0]); i++) {
    for (let r = Math.max(0, low[1]); r <= Math.min(rows - 1, high[1]); r++) {
      for (let c = Math.max(0, low[2]); c <= Math.min(columns - 1, high[2]); c++) {
        visit((i * rows + r) * columns + c, [i, r, c]);
      }
    }
  }
}
