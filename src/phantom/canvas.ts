import type { Shape3, Vector3 } from '../ct/index.js';

/** A drawing surface in HU, with positions in millimetres from the centre of the scan (x left, y back, z head). */
export interface Canvas {
  /** `[slices, rows, columns]`. */
  hu: Float32Array;
  shape: Shape3;
  /** x, y, z in mm. */
  spacing: Vector3;
}

/** Position of a voxel along one axis, in mm from the centre of `length` voxels. */
export const placeOf = (index: number, length: number, spacing: number): number => (index - (length - 1) / 2) * spacing;

/** Range of voxels whose centres are within [low, high] mm, clipped to the axis; empty if `from > to`. */
export function voxelsWithin(low: number, high: number, length: number, spacing: number): { from: number; to: number } {
  const middle = (length - 1) / 2;
  return {
    from: Math.max(0, Math.ceil(low / spacing + middle)),
    to: Math.min(length - 1, Math.floor(high / spacing + middle)),
  };
}
