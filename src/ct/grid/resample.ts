import { NoduleTrainError } from '../../runtime/index.js';
import { knownSpacing } from './geometry.js';
import { type Sampling, sampleLinear, sampleNearest } from './sampleGrid.js';
import { type Geometry, type MaskVolume, type Shape3, type Vector3, type Volume, voxelCount } from './volume.js';

/**
 * A scan on a grid of another spacing (mm, [x, y, z]), trilinear. Voxel (0, 0, 0) keeps its place and the axes their directions; each axis
 * gets round(length · old / new) voxels, at least one, so that its extent changes by at most half a new voxel. Beyond the outermost
 * centres the outermost values stand, which a finer grid reaches by less than one old voxel. Nothing is smoothed before: a
 * much coarser spacing aliases.
 * Throws 'spacing-unknown', and 'resample' for a spacing that is not above 0 or gives more voxels than fit into memory.
 */
export const resampleVolume = (volume: Volume, spacing: Vector3): Volume => {
  const grid = scaledGrid(volume, spacing, `resampling the scan ${volume.uid}`);
  if (grid === null) return volume;
  const { sliceUids: _, ...rest } = volume;
  return { ...rest, ...grid.geometry, voxels: sampleLinear({ ...grid.sampling, voxels: volume.voxels, outside: 0 }) };
};

/** Labels on a grid of another spacing, by the nearest voxel; the grid is that of `resampleVolume`. Throws as it does. */
export const resampleMask = (mask: MaskVolume, spacing: Vector3): MaskVolume => {
  const grid = scaledGrid(mask, spacing, `resampling the mask ${mask.uid}`);
  if (grid === null) return mask;
  return { ...mask, ...grid.geometry, voxels: sampleNearest({ ...grid.sampling, voxels: mask.voxels, outside: 0 }) };
};

interface ScaledGrid {
  readonly geometry: Pick<Geometry, 'shape' | 'spacing'>;
  readonly sampling: Omit<Sampling<never>, 'voxels' | 'outside'>;
}

/** Null where the grid stays what it is. */
const scaledGrid = (from: Geometry, spacing: Vector3, doing: string): ScaledGrid | null => {
  const old = knownSpacing(from, doing);
  if (!spacing.every((distance) => Number.isFinite(distance) && distance > 0)) {
    throw new NoduleTrainError(
      'resample',
      `${doing}: the spacing is ${spacing.join(' x ')} mm; wanted are three distances above 0`,
    );
  }
  if (spacing.every((distance, axis) => distance === old[axis])) return null;
  const shape = from.shape.map((length, axis) =>
    Math.max(1, Math.round((length * old[2 - axis]!) / spacing[2 - axis]!)),
  ) as unknown as Shape3;
  if (voxelCount(shape) > mostVoxels) {
    throw new NoduleTrainError(
      'resample',
      `${doing}: a spacing of ${spacing.join(' x ')} mm makes it ${shape.join(' x ')} voxels; wanted are at most ${mostVoxels}: give a coarser spacing`,
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

/** 2 GiB of int16: 20 times a scan of 512×512×200. */
export const mostVoxels = 2 ** 30;
