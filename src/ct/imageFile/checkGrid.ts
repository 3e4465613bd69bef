import { NoduleTrainError } from '../../runtime/index.js';
import { determinant, orthonormalError } from '../grid/matrix3.js';
import type { ImageFile } from './imageFile.js';

/** Axes of a header with six digits are off by 1e-6; more than this is a shear, which no rule here allows for. */
const orthonormalTolerance = 1e-3;

/** Axes that span less than this share of a cube have no inverse worth using. */
const flat = 1e-3;

/**
 * Judges the grid of a file. Straight (orthonormal axes, evenly spaced slices): true. Else false where it is to be `resampled`, or 'scan-axes'
 * (with the field) or 'scan-slices', with the figures. Axes that are NaN or lie in one plane are refused always ('scan-axes').
 */
export const checkGrid = (path: string, image: ImageFile, resampled: boolean): boolean => {
  const { direction, directionField, slicePositions, spacing } = image;
  const error = orthonormalError(direction);
  const straight = error <= orthonormalTolerance;
  const spans = Math.abs(determinant(direction)) > flat;
  if (!straight && !(resampled && spans)) {
    throw new NoduleTrainError(
      'scan-axes',
      `reading ${path}: field ${directionField} gives the axes ${direction.flat().map((entry) => Number(entry.toPrecision(6)))} (rows of the direction), off orthonormal by ${error.toPrecision(3)}; ` +
        `wanted are axes of length 1 at right angles${spans ? ': resample it (--resample), or write the file anew' : ''}`,
    );
  }
  if (slicePositions === undefined) return straight;
  const gaps = slicePositions.slice(1).map((place, k) => place - slicePositions[k]!);
  if (!resampled) {
    const usual = spacing![2];
    const departures = gaps.map((gap) => Math.abs(gap - usual));
    const odd = departures.indexOf(Math.max(...departures));
    throw new NoduleTrainError(
      'scan-slices',
      `reading ${path}: its slices lie ${usual.toPrecision(4)} mm apart (the median), but slices ${odd} and ${odd + 1} (counted from 0) ${gaps[odd]!.toPrecision(4)} mm; ` +
        'wanted are even distances: get the missing slices, or resample it (--resample)',
    );
  }
  return false;
};
