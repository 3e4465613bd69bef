import { z } from 'zod';
import { NoduleTrainError } from '../runtime/index.js';
import { checkOptions } from './checkOptions.js';
import { formatOf } from './formats.js';
import { geometryOf, type MaskVolume, type Volume } from './grid/volume.js';
import { checkGrid } from './imageFile/checkGrid.js';
import type { ImageFile } from './imageFile/imageFile.js';
import { storeValues } from './imageFile/storeValues.js';
import { straightenMask, straightenVolume } from './imageFile/straighten.js';

/** Options of `readVolume`. */
export const readOptionsSchema = z.strictObject({
  /** Overrides what the file and its values suggest. */
  intensity: z.enum(['hu', 'arbitrary']).optional(),
  /** UID of the series to read from a folder of DICOM files that holds several. */
  series: z.string().min(1).optional(),
  /** Puts a scan with sheared axes or unevenly spaced slices on a straight, even grid; without it such a scan is refused. */
  resample: z.boolean().optional(),
});

export type ReadOptions = z.input<typeof readOptionsSchema> & {
  /** Told what the user should know of a file, such as values that int16 cannot hold exactly; by default a warning of the process. */
  onNote?: (text: string) => void;
};

const darkestOfArbitraryFloats = -200;

/**
 * Reads a scan. Voxels are [slices, rows, columns] in the file's order, nothing is reoriented and nothing clipped.
 * Where neither the file nor `intensity` says whether the values are Hounsfield units, signed ones are taken for 'hu' (floats
 * if any is below -200), and `onNote` is told. Throws NoduleTrainError with the file and the field: 'scan-missing', 'scan-format', 'scan-axes', 'scan-slices',
 * 'voxel-not-finite', 'voxel-range', 'resample' and the codes of the formats.
 */
export const readVolume = async (path: string, { onNote = warn, ...rest }: ReadOptions = {}): Promise<Volume> => {
  const { intensity, series, resample = false } = checkOptions(readOptionsSchema, `reading the scan ${path}`, rest);
  const image = await formatOf(path, 'reading the scan').read(path, { series });
  const straight = checkGrid(path, image, resample);
  for (const note of image.notes) onNote(`${path}: ${note}`);
  const { min, max, ...stored } = storeValues(path, image);
  if (stored.scale !== 1 || stored.offset !== 0) {
    const error = (max - min) / 65535;
    onNote(
      `${path}: int16 cannot hold values from ${min} to ${max} exactly; they are off by at most ${error.toPrecision(3)}`,
    );
  }
  const volume = {
    ...geometryOf(image),
    ...stored,
    intensity: intensity ?? image.intensity ?? guess(path, image, min, onNote),
    uid: image.uid,
    ...(straight && image.sliceUids !== undefined ? { sliceUids: image.sliceUids } : {}),
  };
  return straight ? volume : straightenVolume(path, volume, image);
};

/** Signed whole numbers are HU in practice; a float image is only if it has something darker than fat, as rescaled ones start near 0. */
const guess = (
  path: string,
  { values, slope, intercept }: ImageFile,
  min: number,
  onNote: (text: string) => void,
): Volume['intensity'] => {
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  const isWhole = !isFloat && Number.isInteger(slope) && Number.isInteger(intercept);
  const intensity = !isWhole && min > darkestOfArbitraryFloats ? 'arbitrary' : 'hu';
  onNote(
    `${path}: the file does not say whether its values are Hounsfield units; they are taken for '${intensity}', as ${isWhole ? 'they are signed whole numbers' : `the lowest is ${min}`}; say it with intensity`,
  );
  return intensity;
};

const warn = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_SCAN' });

export const maskOptionsSchema = readOptionsSchema.pick({ series: true, resample: true });

export type MaskOptions = z.input<typeof maskOptionsSchema>;

/** Reads labels or votes: whole numbers from 0 to 255 in any element type. Throws as `readVolume`, and 'mask-value'. */
export const readMask = async (path: string, options: MaskOptions = {}): Promise<MaskVolume> => {
  const { series, resample = false } = checkOptions(maskOptionsSchema, `reading the mask ${path}`, options);
  const image = await formatOf(path, 'reading the mask').read(path, { series });
  const straight = checkGrid(path, image, resample);
  const mask = { ...geometryOf(image), voxels: labelsOf(path, image), uid: image.uid };
  return straight ? mask : straightenMask(path, mask, image);
};

const labelsOf = (path: string, { values, slope, intercept }: ImageFile): Uint8Array => {
  const plain = slope === 1 && intercept === 0;
  if (plain && values instanceof Uint8Array) return values;
  const voxels = new Uint8Array(values.length);
  for (let k = 0; k < values.length; k++) {
    const value = Number(values[k]) * slope + intercept;
    voxels[k] = value;
    if (voxels[k] !== value) {
      throw new NoduleTrainError(
        'mask-value',
        `reading the mask ${path}: voxel number ${k} is ${value}; wanted are whole numbers from 0 to 255: is this the scan and not its mask?`,
      );
    }
  }
  return voxels;
};
