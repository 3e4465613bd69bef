import { type Geometry, identityDirection, type Shape3, type Volume, voxelCount } from '../../dist/ct/index.js';

/** Stored values: all of them, one for all, or a function of the place. */
type Voxels = Int16Array | number | ((slice: number, row: number, column: number) => number);

/** A grid of 1 mm along the patient's axes; `changes` replaces any part of it. */
export const gridOf = (shape: Shape3, changes: Partial<Geometry> = {}): Geometry => ({
  shape,
  spacing: [1, 1, 1],
  origin: [0, 0, 0],
  direction: identityDirection,
  ...changes,
});

/** A scan in HU on that grid; `changes` replaces any part of it. */
export function buildVolume(shape: Shape3, voxels: Voxels, changes: Partial<Volume> = {}): Volume {
  return {
    ...gridOf(shape),
    voxels: stored(shape, voxels),
    intensity: 'hu',
    uid: 'scan',
    scale: 1,
    offset: 0,
    ...changes,
  };
}

function stored(shape: Shape3, voxels: Voxels): Int16Array {
  if (voxels instanceof Int16Array) return voxels;
  const values = new Int16Array(voxelCount(shape));
  if (typeof voxels === 'number') return values.fill(voxels);
  const [, rows, columns] = shape;
  for (let at = 0; at < values.length; at++)
    values[at] = voxels(Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns);
  return values;
}
