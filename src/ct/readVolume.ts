import { NoduleTrainError } from '../runtime/index.js';
import { checkOptions } from './checkOptions.js';
import { inferFormat } from './formats.js';
import { type MaskVolume, pickGeometry, type Volume } from './grid/volume.js';
import { checkGrid, describeResampling } from './imageFile/checkGrid.js';
import type { ImageFile } from './imageFile/imageFile.js';
import { straightenMask, straightenVolume } from './imageFile/straighten.js';
import { toInt16 } from './imageFile/toInt16.js';
import { type MaskOptions, maskOptionsSchema, type ReadOptions, readOptionsSchema } from './readOptions.js';

/** A float image whose minimum is above this has no air or lung in HU: it was probably rescaled. */
const darkestOfArbitraryFloats = -200;

/**
 * Reads a scan. Voxels are `[slices, rows, columns]` in the file's order; nothing is reoriented or clipped.
 *
 * Where neither the file nor `intensity` says whether the values are Hounsfield units, signed integers are assumed to
 * be 'hu', floats only if one is below -200, and `onNote` reports the assumption.
 * @throws NoduleTrainError `scan-missing`, `scan-format`, `scan-axes`, `scan-slices`, `voxel-not-finite`,
 * `voxel-range`, `resample` and the codes of each format, with the file and the field
 */
export const readVolume = async (path: string, { onNote = warn, ...rest }: ReadOptions = {}): Promise<Volume> => {
  const { intensity, series, files, ...grid } = checkOptions(readOptionsSchema, `reading the scan ${path}`, rest);
  const image = await inferFormat(path, 'reading the scan').read(path, { series, files });
  const straight = checkGrid(path, image, grid);
  for (const note of image.notes) onNote(`${path}: ${note}`);
  const { min, max, ...stored } = toInt16(path, image);
  if (stored.scale !== 1 || stored.offset !== 0) {
    const error = (max - min) / 65535;
    onNote(
      `${path}: int16 cannot hold values from ${min} to ${max} exactly; they are rounded by at most ` +
        `${error.toPrecision(3)}`,
    );
  }
  const volume = {
    ...pickGeometry(image),
    ...stored,
    intensity: intensity ?? image.intensity ?? guessIntensity(path, image, min, onNote),
    uid: image.uid,
    ...(straight && image.sliceUids !== undefined ? { sliceUids: image.sliceUids } : {}),
    ...frameOfReferenceOf(image),
  };
  if (straight) return volume;
  const resampled = straightenVolume(path, volume, image);
  onNote(`${path}: ${describeResampling(image, resampled)}`);
  return resampled;
};

const frameOfReferenceOf = ({ frameOfReferenceUid }: ImageFile): Pick<Volume, 'frameOfReferenceUid'> =>
  frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid };

/**
 * Signed integers are HU in practice. A float image is only if something in it is darker than fat: rescaled images
 * start near 0.
 */
const guessIntensity = (
  path: string,
  { values, slope, intercept }: ImageFile,
  min: number,
  onNote: (text: string) => void,
): Volume['intensity'] => {
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  const isWhole = !isFloat && Number.isInteger(slope) && Number.isInteger(intercept);
  const intensity = !isWhole && min > darkestOfArbitraryFloats ? 'arbitrary' : 'hu';
  const reason = isWhole ? 'they are signed integers' : `the lowest is ${min}`;
  onNote(
    `${path}: the file does not say whether its values are Hounsfield units; ` +
      `assuming '${intensity}', as ${reason}. Set intensity to override.`,
  );
  return intensity;
};

const warn = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_SCAN' });

/**
 * Reads labels or readers' votes: whole numbers from 0 to 255 of any element type.
 * @throws NoduleTrainError `mask-value` for another value; and what `readVolume` throws
 */
export const readMask = async (path: string, options: MaskOptions = {}): Promise<MaskVolume> => {
  const { series, ...grid } = checkOptions(maskOptionsSchema, `reading the mask ${path}`, options);
  const image = await inferFormat(path, 'reading the mask').read(path, { series });
  const straight = checkGrid(path, image, grid);
  const mask = {
    ...pickGeometry(image),
    voxels: labelsOf(path, image),
    uid: image.uid,
    ...frameOfReferenceOf(image),
  };
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
        `reading the mask ${path}: voxel number ${k} is ${value}, expected whole numbers from 0 to 255. Is this ` +
          'the scan instead of its mask?',
      );
    }
  }
  return voxels;
};
