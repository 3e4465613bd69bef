import { NoduleTrainError } from '../runtime/index.js';
import { formatOf } from './formats.js';
import { geometryOf, type MaskVolume, type Volume, voxelCount } from './grid/volume.js';

const checkSize = (path: string, doing: string, { shape, voxels }: Volume | MaskVolume): void => {
  if (voxels.length !== voxelCount(shape)) {
    throw new NoduleTrainError(
      'scan-shape',
      `${doing} ${path}: it has ${voxels.length} voxels; its shape [${shape.join(', ')}] wants ${voxelCount(shape)}`,
    );
  }
};

const writerOf = (path: string, doing: string) => {
  const { name, write } = formatOf(path, doing);
  if (write !== null) return write;
  throw new NoduleTrainError(
    'scan-format',
    `${doing} ${path}: ${name} is only read; write a .mha, .nii.gz or .nrrd file instead`,
  );
};

/** Throws 'scan-format' where the name says no format, or one that is not written. */
export const refuseReadOnly = (path: string, doing: string): void => {
  writerOf(path, doing);
};

/**
 * Writes a scan in the format that the name says: `.mha`, `.mhd` with its `.zraw` (`.raw` with `compress: false`), `.nii.gz` or `.nii` (which
 * is never compressed), `.nrrd`. Values are int16; float64 where the volume has a scale or an offset. Throws 'scan-format', 'scan-shape', 'scan-write'.
 */
export const writeVolume = async (
  path: string,
  volume: Volume,
  { compress = true }: { compress?: boolean } = {},
): Promise<void> => {
  checkSize(path, 'writing the scan', volume);
  const { voxels, scale, offset, intensity } = volume;
  const exact = scale === 1 && offset === 0;
  const values = exact ? voxels : Float64Array.from(voxels, (stored) => stored * scale + offset);
  await writerOf(path, 'writing the scan')(path, { ...geometryOf(volume), values, intensity }, compress);
};

/** Writes labels as unsigned bytes, as `writeVolume`. */
export const writeMask = async (
  path: string,
  mask: MaskVolume,
  { compress = true }: { compress?: boolean } = {},
): Promise<void> => {
  checkSize(path, 'writing the mask', mask);
  await writerOf(path, 'writing the mask')(path, { ...geometryOf(mask), values: mask.voxels }, compress);
};
