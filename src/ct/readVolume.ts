import { z } from 'zod';
import { NoduleTrainError } from '../runtime/error.js';
import { checkAxes } from './checkAxes.js';
import { checkOptions } from './checkOptions.js';
import { formatOf } from './formats.js';
import type { ImageFile } from './imageFile.js';
import { storeValues } from './storeValues.js';
import { type Geometry, type MaskVolume, type Volume, voxelCount } from './volume.js';

/** Options of `readVolume`. */
export const readOptionsSchema = z.strictObject({
  /** Overrides what the file and its values suggest. */
  intensity: z.enum(['hu', 'arbitrary']).optional(),
  /** UID of the series to read from a folder of DICOM files that holds several. */
  series: z.string().min(1).optional(),
});

export type ReadOptions = z.input<typeof readOptionsSchema> & {
  /** Told what the user should know of a file, such as values that int16 cannot hold exactly; by default a warning of the process. */
  onNote?: (text: string) => void;
};

const darkestOfArbitraryFloats = -200;

/**
 * Reads a scan. Voxels are [slices, rows, columns] in the file's order, nothing is reoriented and nothing clipped.
 * Where neither the file nor `intensity` says whether the values are Hounsfield units, signed ones are taken for 'hu' (floats
 * if any is below -200), and `onNote` is told. Throws NoduleTrainError with the file and the field: 'scan-missing', 'scan-format', 'scan-axes',
 * 'voxel-not-finite', 'voxel-range' and the codes of the formats.
 */
export const readVolume = async (path: string, { onNote = warn, ...rest }: ReadOptions = {}): Promise<Volume> => {
  const { intensity, series } = checkOptions(readOptionsSchema, `reading the scan ${path}`, rest);
  const image = await formatOf(path, 'reading the scan').read(path, { series });
  checkAxes(path, image);
  for (const note of image.notes) onNote(`${path}: ${note}`);
  const { min, max, ...stored } = storeValues(path, image);
  if (stored.scale !== 1 || stored.offset !== 0) {
    const error = (max - min) / 65535;
    onNote(
      `${path}: int16 cannot hold values from ${min} to ${max} exactly; they are off by at most ${error.toPrecision(3)}`,
    );
  }
  return {
    ...geometryOf(image),
    ...stored,
    intensity: intensity ?? image.intensity ?? guess(path, image, min, onNote),
    uid: image.uid,
  };
};

const geometryOf = ({ shape, spacing, origin, direction }: Geometry): Geometry => ({
  shape,
  spacing,
  origin,
  direction,
});

/** Signed whole numbers are HU in practice; a float image is only if it has something darker than fat, as rescaled ones start near 0. */
const guess = (
  path: string,
  { values }: ImageFile,
  min: number,
  onNote: (text: string) => void,
): Volume['intensity'] => {
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  const intensity = isFloat && min > darkestOfArbitraryFloats ? 'arbitrary' : 'hu';
  onNote(
    `${path}: the file does not say whether its values are Hounsfield units; they are taken for '${intensity}', as ${isFloat ? `the lowest is ${min}` : 'they are signed whole numbers'}; say it with intensity`,
  );
  return intensity;
};

const warn = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_SCAN' });

/** Reads labels or votes: whole numbers from 0 to 255 in any element type. Throws as `readVolume`, and 'mask-value'. */
export const readMask = async (path: string): Promise<MaskVolume> => {
  const image = await formatOf(path, 'reading the mask').read(path, {});
  checkAxes(path, image);
  const { values } = image;
  const voxels = values instanceof Uint8Array ? values : new Uint8Array(values.length);
  for (let k = 0; voxels !== values && k < values.length; k++) {
    const value = Number(values[k]);
    voxels[k] = value;
    if (voxels[k] !== value) {
      throw new NoduleTrainError(
        'mask-value',
        `reading the mask ${path}: voxel number ${k} is ${value}; wanted are whole numbers from 0 to 255: is this the scan and not its mask?`,
      );
    }
  }
  return { ...geometryOf(image), voxels, uid: image.uid };
};

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
  throw new NoduleTrainError('scan-format', `${doing} ${path}: ${name} is only read; write a .mha file instead`);
};

/** Writes a scan (`.mha`, or `.mhd` with `.zraw`; `.raw` with `compress: false`). Scaled voxels go out as MET_DOUBLE. */
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

/** Writes labels as MET_UCHAR. */
export const writeMask = async (
  path: string,
  mask: MaskVolume,
  { compress = true }: { compress?: boolean } = {},
): Promise<void> => {
  checkSize(path, 'writing the mask', mask);
  await writerOf(path, 'writing the mask')(path, { ...geometryOf(mask), values: mask.voxels }, compress);
};
