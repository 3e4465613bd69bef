import type { Shape3, Vector3 } from '../ct/index.js';

/** HU to draw on, in millimetres from the middle of the scan (x left, y back, z head). */
export interface Canvas {
  hu: Float32Array;
  shape: Shape3;
  /** x, y, z in mm. */
  spacing: Vector3;
}

/** The place of a voxel along one axis, mm from the middle of `length` voxels. */
export const placeOf = (index: number, length: number, spacing: number): number => (index - (length - 1) / 2) * spacing;

/** The range of voxels whose centres lie within [low, high] mm, clipped to the axis; empty where `from > to`. */
export function voxelsWithin(low: number, high: number, length: number, spacing: number): { from: number; to: number } {
  const middle = (length - 1) / 2;
  return {
    from: Math.max(0, Math.ceil(low / spacing + middle)),
    to: Math.min(length - 1, Math.floor(high / spacing + middle)),
  };
}
