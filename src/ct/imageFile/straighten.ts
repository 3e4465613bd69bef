import { NoduleTrainError } from '../../runtime/index.js';
import { apply, cross, dot, inverse, length, scale, subtract, transpose } from '../grid/matrix3.js';
import { mostVoxels } from '../grid/resample.js';
import { type Sampling, sampleLinear, sampleNearest } from '../grid/sampleGrid.js';
import {
  type Geometry,
  type MaskVolume,
  type Matrix3,
  type Shape3,
  storedValue,
  type Vector3,
  type Volume,
  voxelCount,
} from '../grid/volume.js';
import type { ImageFile } from './imageFile.js';

/**
 * Limit on the growth of the grid. A gantry tilted by 30° needs twice the voxels; axes that need far more are a fault
 * of the header.
 */
const mostGrowth = 16;

/** A grid as stored in a file, possibly with sheared axes or unevenly spaced slices. */
export type CrookedGrid = Geometry & Pick<ImageFile, 'slicePositions'>;

/** HU of the air around a scan. */
const airHu = -1000;

/** The stored number for voxels outside a scan: -1000 HU, or the lowest of arbitrary values. */
const storedOutside = (volume: Pick<Volume, 'voxels' | 'intensity' | 'scale' | 'offset'>): number => {
  if (volume.intensity === 'hu') return Math.max(-32768, Math.min(32767, Math.round(storedValue(volume, airHu))));
  return volume.voxels.reduce((least, value) => Math.min(least, value), 32767);
};

/**
 * Resamples a scan with sheared axes or unevenly spaced slices to the smallest regular grid that contains it, by
 * trilinear interpolation in the file's own cells. Voxels outside the scan become -1000 HU, or the lowest of arbitrary
 * values.
 *
 * The column direction is kept, the row direction is made perpendicular to it, and slices follow their common normal.
 * The in-plane spacing is the file's; the slice spacing is the file's measured along the normal.
 * @throws NoduleTrainError `resample` if that grid would not fit into memory
 */
export const straightenVolume = (path: string, volume: Volume, grid: CrookedGrid): Volume => {
  const { geometry, sampling } = straightGrid(path, grid);
  const outside = storedOutside(volume);
  const voxels = sampleLinear({ ...sampling, voxels: volume.voxels, outside });
  return { ...volume, ...geometry, voxels, resampled: true };
};

/**
 * Resamples labels to the grid of `straightenVolume`, by nearest neighbour; 0 outside.
 * @throws NoduleTrainError `resample` if that grid would not fit into memory
 */
export const straightenMask = (path: string, mask: MaskVolume, grid: CrookedGrid): MaskVolume => {
  const { geometry, sampling } = straightGrid(path, grid);
  return { ...mask, ...geometry, voxels: sampleNearest({ ...sampling, voxels: mask.voxels, outside: 0 }) };
};

/** Applies Gram-Schmidt to the first two axes; the third is their normal, on the side of the file's third axis. */
const orthonormalAxes = ([a, b, c]: Matrix3): Matrix3 => {
  const x = scale(a, 1 / length(a));
  const across = subtract(b, scale(x, dot(x, b)));
  const y = scale(across, 1 / length(across));
  const normal = cross(x, y);
  return [x, y, dot(normal, c) < 0 ? scale(normal, -1) : normal];
};

const straightGrid = (
  path: string,
  { shape, spacing, origin, direction, slicePositions }: CrookedGrid,
): { geometry: Geometry; sampling: Omit<Sampling<never>, 'voxels' | 'outside'> } => {
  const [sx, sy, sz] = spacing ?? [1, 1, 1];
  const [slices, rows, columns] = shape;
  const axes = transpose(direction);
  const straight = orthonormalAxes(axes);
  // Slice positions in mm along the file's third axis.
  const positions = slicePositions ?? Array.from({ length: slices }, (_, k) => k * sz);
  const ends: Vector3 = [(columns - 1) * sx, (rows - 1) * sy, positions.at(-1)!];
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
    apply(direction, [n & 1 ? ends[0] : 0, n & 2 ? ends[1] : 0, n & 4 ? ends[2] : positions[0]!]),
  );
  const newSpacing: Vector3 = [sx, sy, sz * Math.abs(dot(straight[2], axes[2]))];
  const along = straight.map((axis) => corners.map((corner) => dot(axis, corner)));
  const least = along.map((places) => Math.min(...places)) as unknown as Vector3;
  const [newColumns, newRows, newSlices] = along.map(
    (places, axis) =>
      // The tolerance keeps rounded header digits from adding a voxel.
      Math.ceil((Math.max(...places) - least[axis]!) / newSpacing[axis]! - 1e-3) + 1,
  ) as [number, number, number];
  const newShape: Shape3 = [newSlices, newRows, newColumns];
  const most = Math.min(mostVoxels, mostGrowth * voxelCount(shape));
  if (!(voxelCount(newShape) <= most)) {
    throw new NoduleTrainError(
      'resample',
      `resampling ${path}: a regular grid around it has ${newShape.join(' x ')} voxels, expected at most ` +
        `${most}. Its axes are too far from right angles.`,
    );
  }
  const newDirection = transpose(straight);
  const begin = apply(newDirection, least);
  const back = inverse(direction);
  // From mm along the file's axes to an old index; slices stay in mm, like `positions`.
  const divided = ([x, y, z]: Vector3): Vector3 => [x / sx, y / sy, z];
  const step = transpose(
    straight.map((axis, n) => divided(apply(back, scale(axis, newSpacing[n]!)))) as unknown as Matrix3,
  );
  return {
    geometry: {
      shape: newShape,
      spacing: spacing === null ? null : newSpacing,
      origin: [origin[0] + begin[0], origin[1] + begin[1], origin[2] + begin[2]],
      direction: newDirection,
    },
    sampling: { shape, newShape, start: divided(apply(back, begin)), step, slicePositions: positions },
  };
};
