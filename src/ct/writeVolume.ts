import { NoduleTrainError } from '../runtime/index.js';
import { inferFormat } from './formats.js';
import { type Geometry, type MaskVolume, pickGeometry, type Volume, voxelCount } from './grid/volume.js';
import type { ValuesToWrite } from './imageFile/imageFile.js';

const checkSize = (path: string, doing: string, { shape }: Geometry, voxels: ArrayLike<number>): void => {
  if (voxels.length !== voxelCount(shape)) {
    throw new NoduleTrainError(
      'scan-shape',
      `${doing} ${path}: it has ${voxels.length} voxels, expected ${voxelCount(shape)} for its shape ` +
        `[${shape.join(', ')}]`,
    );
  }
};

const writerOf = (path: string, doing: string) => {
  const { name, write } = inferFormat(path, doing);
  if (write !== null) return write;
  throw new NoduleTrainError(
    'scan-format',
    `${doing} ${path}: ${name} files can be read but not written. Write a .mha, .nii.gz or .nrrd file instead.`,
  );
};

/**
 * Refuses a path whose extension is not of a format that can be written.
 * @throws NoduleTrainError `scan-format`
 */
export const refuseReadOnly = (path: string, doing: string): void => {
  writerOf(path, doing);
};

/**
 * Writes a scan in the format of the extension: `.mha`, `.mhd` with its `.zraw` (`.raw` with `compress: false`),
 * `.nii.gz`, `.nii` (never compressed), `.nrrd`, or `.nhdr` with its `.raw.gz`. Values are int16, or float64 where the
 * volume has a scale or an offset.
 * @throws NoduleTrainError `scan-format`, `scan-shape`, `scan-write`
 */
export const writeVolume = async (
  path: string,
  volume: Volume,
  { compress = true }: { compress?: boolean } = {},
): Promise<void> => {
  checkSize(path, 'writing the scan', volume, volume.voxels);
  const { voxels, scale, offset, intensity } = volume;
  const exact = scale === 1 && offset === 0;
  const values = exact ? voxels : Float64Array.from(voxels, (stored) => stored * scale + offset);
  await writerOf(path, 'writing the scan')(path, { ...pickGeometry(volume), values, intensity }, compress);
};

/**
 * Writes labels as unsigned bytes, in the formats of `writeVolume`.
 * @throws NoduleTrainError `scan-format`, `scan-shape`, `scan-write`
 */
export const writeMask = (path: string, mask: MaskVolume, options: { compress?: boolean } = {}): Promise<void> =>
  writeOnGrid(path, 'writing the mask', mask, mask.voxels, options);

/**
 * Writes values on the grid of a scan, such as numbered labels or probabilities, in the formats of `writeVolume`.
 * @param doing beginning of an error, such as "writing the probabilities"
 * @param values `[slices, rows, columns]`
 * @throws NoduleTrainError `scan-format`, `scan-shape`, `scan-write`
 */
export const writeOnGrid = async (
  path: string,
  doing: string,
  grid: Geometry,
  values: ValuesToWrite,
  { compress = true }: { compress?: boolean } = {},
): Promise<void> => {
  checkSize(path, doing, grid, values);
  await writerOf(path, doing)(path, { ...pickGeometry(grid), values }, compress);
};
