import { NoduleTrainError } from '../runtime/index.js';
import { formatOf } from './formats.js';
import { type Geometry, geometryOf } from './grid/volume.js';
import { checkGrid } from './imageFile/checkGrid.js';

/** What somebody's program says of a scan, voxel by voxel. */
export interface Prediction extends Geometry {
  /** 0…1, `[slices, rows, columns]`; of a mask 0 and 1. */
  readonly probabilities: Float32Array;
  /** The file's values are whole numbers, whatever is not 0 is predicted; else they are probabilities. */
  readonly isMask: boolean;
}

/**
 * Reads a predicted mask (an integer type; not 0 is nodule, so numbered nodules do) or probabilities (a float type, 0…1, read without rounding to
 * int16). Throws as `readVolume`, and 'prediction-value'.
 */
export const readPrediction = async (path: string): Promise<Prediction> => {
  const image = await formatOf(path, 'reading the prediction').read(path, {});
  checkGrid(path, image, false);
  const { values, slope, intercept } = image;
  const isMask = !(values instanceof Float32Array || values instanceof Float64Array) && slope === 1 && intercept === 0;
  const probabilities = new Float32Array(values.length);
  for (let k = 0; k < values.length; k++) {
    const value = Number(values[k]) * slope + intercept;
    if (isMask) probabilities[k] = value === 0 ? 0 : 1;
    // NaN too.
    else if (!(value >= 0 && value <= 1))
      throw new NoduleTrainError(
        'prediction-value',
        `reading the prediction ${path}: voxel number ${k} is ${value}; wanted are probabilities from 0 to 1, or a mask of an integer type`,
      );
    else probabilities[k] = value;
  }
  return { ...geometryOf(image), probabilities, isMask };
};
