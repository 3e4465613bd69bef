import { NoduleTrainError } from '../../runtime/index.js';
import { knownSpacing } from './geometry.js';
import { type Sampling, sampleLinear, sampleNearest } from './sampleGrid.js';
import { type Geometry, type MaskVolume, type Shape3, type Vector3, type Volume, voxelCount } from './volume.js';

/**
 * Resamples a scan to another spacing ([x, y, z] in mm) by trilinear interpolation. Voxel [0, 0, 0] keeps its position
 * and the axes keep their directions. Each axis gets round(length · old / new) voxels, at least one, so its extent
 * changes by at most half a new voxel. Beyond the outermost voxel centres the outermost values are repeated; a finer
 * grid reaches beyond them by less than one old voxel. There is no smoothing first, so a much coarser spacing aliases.
 * @throws NoduleTrainError `spacing-unknown`; `resample` for a spacing that is not above 0, or one that gives more
 * voxels than fit into memory
 */
export const resampleVolume = (volume: Volume, spacing: Vector3): Volume => {
  const grid = scaledGrid(volume, spacing, `resampling the scan ${volume.uid}`);
  if (grid === null) return volume;
  const { sliceUids: _, ...rest } = volume;
  const voxels = sampleLinear({ ...grid.sampling, voxels: volume.voxels, outside: 0 });
  return { ...rest, ...grid.geometry, voxels, resampled: true };
};

/**
 * Resamples labels to another spacing by nearest neighbour, on the grid of `resampleVolume`.
 * @throws NoduleTrainError as `resampleVolume` does
 */
export const resampleMask = (mask: MaskVolume, spacing: Vector3): MaskVolume => {
  const grid = scaledGrid(mask, spacing, `resampling the mask ${mask.uid}`);
  if (grid === null) return mask;
  return { ...mask, ...grid.geometry, voxels: sampleNearest({ ...grid.sampling, voxels: mask.voxels, outside: 0 }) };
};

interface ScaledGrid {
  readonly geometry: Pick<Geometry, 'shape' | 'spacing'>;
  readonly sampling: Omit<Sampling<never>, 'voxels' | 'outside'>;
}

/** The grid of another spacing; null where the spacing does not change. */
const scaledGrid = (from: Geometry, spacing: Vector3, doing: string): ScaledGrid | null => {
  const old = knownSpacing(from, doing);
  if (!spacing.every((distance) => Number.isFinite(distance) && distance > 0)) {
    throw new NoduleTrainError(
      'resample',
      `${doing}: the spacing is ${spacing.join(' x ')} mm, expected three distances above 0`,
    );
  }
  if (spacing.every((distance, axis) => distance === old[axis])) return null;
  const shape = from.shape.map((length, axis) =>
    Math.max(1, Math.round((length * old[2 - axis]!) / spacing[2 - axis]!)),
  ) as unknown as Shape3;
  if (voxelCount(shape) > mostVoxels) {
    throw new NoduleTrainError(
      'resample',
      `${doing}: a spacing of ${spacing.join(' x ')} mm makes it ${shape.join(' x ')} voxels, expected at most ` +
        `${mostVoxels}. Give a coarser spacing.`,
    );
  }
  const [x, y, z] = [spacing[0] / old[0], spacing[1] / old[1], spacing[2] / old[2]];
  return {
    geometry: { shape, spacing },
    sampling: {
      shape: from.shape,
      newShape: shape,
      reach: 1,
      start: [0, 0, 0],
      step: [
        [x, 0, 0],
        [0, y, 0],
        [0, 0, z],
      ],
    },
  };
};

/** Largest volume that is read or made: 2 GiB of int16, 20 times a scan of 512×512×200. */
export const mostVoxels = 2 ** 30;
