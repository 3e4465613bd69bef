import { NoduleTrainError } from '../runtime/index.js';
import { inferFormat } from './formats.js';
import { type Geometry, pickGeometry } from './grid/volume.js';
import { checkGrid } from './imageFile/checkGrid.js';
import type { ImageFile } from './imageFile/imageFile.js';

/** Meaning of the values of a mask: those of nodules, and the other known ones; null: all others are known. */
export interface MaskValues {
  readonly nodule: readonly number[];
  readonly other: readonly number[] | null;
}

/** The output of a segmentation program for one scan, voxel by voxel. */
export interface Prediction extends Geometry {
  /** `[slices, rows, columns]`, 0 to 1; of a mask 0 and 1. */
  readonly probabilities: Float32Array;
  /** True if the values are those of a mask; false if they are probabilities. */
  readonly isMask: boolean;
  /** The values of a mask except 0, ascending, at most 256; of probabilities none. */
  readonly values: readonly number[];
  /** Another position of the grid, where the file contradicts itself. */
  readonly alternative?: ImageFile['alternative'];
  /** What the user should know about the file, one sentence each. */
  readonly notes: readonly string[];
}

/** Largest deviation of a mask's value from an integer: a slope in the header is often rounded. */
const ROUNDED = 1e-3;
const MOST_VALUES = 256;

/**
 * Reads a predicted mask or a probability map (0 to 1, not rounded to int16). It is a mask if its type is an integer
 * one, or if all its values are integers and one is above 1; with `meanings`, if all its values are integers. Without
 * `meanings` every value but 0 is nodule, so numbered nodules work too.
 * @throws NoduleTrainError `prediction-value` if a value is not a probability, or has no meaning; and what `readVolume`
 * throws
 */
export const readPrediction = async (path: string, meanings: MaskValues | null = null): Promise<Prediction> => {
  const image = await inferFormat(path, 'reading the prediction').read(path, { labels: { all: true } });
  checkGrid(path, image, { resample: false, fillGaps: false });
  const { values, slope, intercept } = image;
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  const isInteger = !isFloat && slope === 1 && intercept === 0;
  const isMask = isInteger || holdsLabels(values, slope, intercept, meanings === null && isFloat ? 2 : 0);
  const probabilities = new Float32Array(values.length);
  const seen = new Set<number>();
  const nodule = meanings === null ? null : new Set(meanings.nodule);
  let last = 0;
  for (let k = 0; k < values.length; k++) {
    const value = Number(values[k]) * slope + intercept;
    if (isMask) {
      const label = isInteger ? value : Math.round(value);
      probabilities[k] = (nodule === null ? label !== 0 : nodule.has(label)) ? 1 : 0;
      // Values come in runs, so the set is rarely asked.
      if (label !== last && label !== 0 && seen.size < MOST_VALUES) seen.add(label);
      last = label;
    }
    // Written so that NaN is refused too.
    else if (!(value >= -ROUNDED && value <= 1 + ROUNDED))
      throw new NoduleTrainError(
        'prediction-value',
        `reading the prediction ${path}: voxel number ${k} is ${value}, expected probabilities from 0 to 1, or a ` +
          'mask of an integer type',
      );
    else probabilities[k] = value < 0 ? 0 : value > 1 ? 1 : value;
  }
  const found = [...seen].sort((a, b) => a - b);
  if (meanings !== null) refuseUnknown(path, found, meanings);
  return {
    ...pickGeometry(image),
    ...(image.alternative !== undefined && { alternative: image.alternative }),
    probabilities,
    isMask,
    values: found,
    notes: image.notes,
  };
};

/** Whether all values are integers, and the largest is at least `largest`. */
function holdsLabels(values: ArrayLike<number | bigint>, slope: number, intercept: number, largest: number): boolean {
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < values.length; k++) {
    const value = Number(values[k]) * slope + intercept;
    // Written so that NaN is no label.
    if (!(Math.abs(value - Math.round(value)) <= ROUNDED)) return false;
    if (value > most) most = value;
  }
  return Math.round(most) >= largest;
}

function refuseUnknown(path: string, found: readonly number[], { nodule, other }: MaskValues): void {
  if (other === null) return;
  const known = new Set([...nodule, ...other]);
  const unknown = found.find((value) => !known.has(value));
  if (unknown === undefined) return;
  throw new NoduleTrainError(
    'prediction-value',
    `reading the prediction ${path}: found the value ${unknown}, expected one of the labels of these data ` +
      `(${[...known].sort((a, b) => a - b).join(', ')}; nodule: ${nodule.join(', ')}). Give --prediction-label with the ` +
      'value of nodules in the predictions, or "any" if every value but 0 is one.',
  );
}
