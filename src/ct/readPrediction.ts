import { NoduleTrainError } from '../runtime/index.js';
import { inferFormat } from './formats.js';
import { type Geometry, pickGeometry } from './grid/volume.js';
import { checkGrid } from './imageFile/checkGrid.js';

/** The output of a segmentation program for one scan, voxel by voxel. */
export interface Prediction extends Geometry {
  /** `[slices, rows, columns]`, 0 to 1; of a mask 0 and 1. */
  readonly probabilities: Float32Array;
  /** True where the file has an integer type, so every value but 0 is predicted; false where it holds probabilities. */
  readonly isMask: boolean;
}

/**
 * Reads a predicted mask (integer type; every value but 0 is nodule, so numbered nodules work too) or a probability map
 * (float type, 0 to 1, not rounded to int16).
 * @throws NoduleTrainError `prediction-value` if a value is not a probability; and what `readVolume` throws
 */
export const readPrediction = async (path: string): Promise<Prediction> => {
  const image = await inferFormat(path, 'reading the prediction').read(path, {});
  checkGrid(path, image, { resample: false, fillGaps: false });
  const { values, slope, intercept } = image;
  const isMask = !(values instanceof Float32Array || values instanceof Float64Array) && slope === 1 && intercept === 0;
  const probabilities = new Float32Array(values.length);
  for (let k = 0; k < values.length; k++) {
    const value = Number(values[k]) * slope + intercept;
    if (isMask) probabilities[k] = value === 0 ? 0 : 1;
    // Written so that NaN is refused too.
    else if (!(value >= 0 && value <= 1))
      throw new NoduleTrainError(
        'prediction-value',
        `reading the prediction ${path}: voxel number ${k} is ${value}, expected probabilities from 0 to 1, or a ` +
          'mask of an integer type',
      );
    else probabilities[k] = value;
  }
  return { ...pickGeometry(image), probabilities, isMask };
};
