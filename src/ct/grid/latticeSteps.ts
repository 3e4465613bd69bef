import { type IndexIRC, indexIRC, indexToWorld, worldToIndex } from './geometry.js';
import type { Geometry, Vector3 } from './volume.js';

/** How the voxels of one grid lie on those of another, in whole voxels [slice, row, column] of the latter. */
export interface LatticeSteps {
  /** Index of the voxel [0, 0, 0]; it may lie outside. */
  readonly first: Vector3;
  /** Steps from one slice, row and column to the next: each is one voxel along another axis. */
  readonly steps: readonly [Vector3, Vector3, Vector3];
  /** Largest distance of a voxel from the centre of the voxel it is put on, in voxels. */
  readonly off: number;
}

/**
 * Finds how the voxels of `image` lie on the voxels of `grid`: with axes in any order and direction, and anywhere; null
 * where its axes are not parallel to those of the grid or its voxels have another size.
 */
export const latticeSteps = (image: Geometry, grid: Geometry): LatticeSteps | null => {
  const at = (index: readonly number[]): IndexIRC =>
    worldToIndex(grid, indexToWorld(image, indexIRC(index[0]!, index[1]!, index[2]!)));
  const ends = image.shape.map((extent) => Math.max(1, extent - 1));
  const start = at([0, 0, 0]);
  const first = start.map(Math.round) as unknown as Vector3;
  const steps = ends.map((end, axis) => {
    const last = at([0, 1, 2].map((each) => (each === axis ? end : 0)));
    return last.map((place, n) => Math.round((place - start[n]!) / end));
  }) as unknown as LatticeSteps['steps'];
  const isSingle = (step: Vector3): boolean => step.reduce((sum, by) => sum + Math.abs(by), 0) === 1;
  const axes = new Set(steps.map((step) => step.findIndex((by) => by !== 0)));
  if (!steps.every(isSingle) || axes.size < 3) return null;
  let off = 0;
  for (let corner = 0; corner < 8; corner++) {
    const index = image.shape.map((extent, axis) => ((corner >> axis) & 1) * (extent - 1));
    at(index).forEach((place, n) => {
      const whole = first[n]! + index.reduce((sum, by, axis) => sum + by * steps[axis]![n]!, 0);
      off = Math.max(off, Math.abs(place - whole));
    });
  }
  return { first, steps, off };
};
