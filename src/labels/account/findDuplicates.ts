import { isInside, nearestIndex, type Volume } from '../../ct/index.js';
import type { Annotation } from '../annotations.js';

/**
 * Largest distance of two points of one nodule, besides the smaller radius. The centres of two balls that touch are at
 * least two radii of the smaller one apart (2.2 in LUNA16's list), so neighbours are never merged. The limit in mm
 * protects neighbours in lists that give every nodule the same large diameter.
 */
const SAME_MM = 3;

/** An annotation that repeats an earlier one. */
export interface Duplicate {
  /** Index of the annotation that it repeats. */
  readonly of: number;
  readonly distanceMm: number;
}

/**
 * Finds the annotations of a scan that repeat an earlier one: their points are in the same voxel, or closer than
 * the smaller radius and 3 mm. Points outside the volume are not compared. The time grows with the number of
 * annotations, not with its square.
 * @returns the duplicates by their index
 * @throws NoduleTrainError `spacing-unknown`
 */
export function findDuplicates(volume: Volume, annotations: readonly Annotation[]): Map<number, Duplicate> {
  const found = new Map<number, Duplicate>();
  if (annotations.length < 2) return found;
  const [, rows, columns] = volume.shape;
  const voxels = new Map<number, number>();
  const cells = new Map<number, number[]>();
  for (const [n, { center, diameterMm }] of annotations.entries()) {
    const place = nearestIndex(volume, center);
    if (!isInside(volume, place)) continue;
    const distanceTo = (other: number) =>
      Math.hypot(...annotations[other]!.center.map((at, axis) => at - center[axis]!));
    const isSame = (other: number) => {
      const radius = Math.min(diameterMm ?? 0, annotations[other]!.diameterMm ?? 0) / 2;
      return distanceTo(other) <= Math.min(SAME_MM, radius);
    };
    const voxel = (place[0] * rows + place[1]) * columns + place[2];
    const cell = center.map((at) => Math.floor(at / SAME_MM)) as [number, number, number];
    const of = voxels.get(voxel) ?? findNear(cells, cell, isSame);
    if (of !== undefined) {
      found.set(n, { of, distanceMm: distanceTo(of) });
      continue;
    }
    voxels.set(voxel, n);
    const key = cellKey(...cell);
    const own = cells.get(key);
    if (own === undefined) cells.set(key, [n]);
    else own.push(n);
  }
  return found;
}

const CELL_BITS = 14;

/** Key of a cell of 3 mm. Cells 49 m apart share one, which costs a comparison and changes nothing. */
const cellKey = (x: number, y: number, z: number): number =>
  [x, y, z].reduce((key, at) => key * 2 ** CELL_BITS + (at & (2 ** CELL_BITS - 1)), 0);

/** Finds the first annotation in a cell or the 26 around it that fits. */
function findNear(
  cells: ReadonlyMap<number, readonly number[]>,
  [x, y, z]: readonly [number, number, number],
  isSame: (other: number) => boolean,
): number | undefined {
  for (let dx = -1; dx <= 1; dx++)
    for (let dy = -1; dy <= 1; dy++)
      for (let dz = -1; dz <= 1; dz++) {
        const found = cells.get(cellKey(x + dx, y + dy, z + dz))?.find(isSame);
        if (found !== undefined) return found;
      }
  return undefined;
}
