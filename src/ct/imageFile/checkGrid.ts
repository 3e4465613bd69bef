import { NoduleTrainError } from '../../runtime/index.js';
import { determinant, orthonormalError } from '../grid/matrix3.js';
import type { ImageFile } from './imageFile.js';

/** A header with six digits is off by 1e-6; more than this is a shear, which the code for volumes does not support. */
const orthonormalTolerance = 1e-3;

/** Below this determinant the axes are nearly in one plane, and their inverse is useless. */
const leastDeterminant = 1e-3;

/**
 * Checks the grid of a file: true where it is regular (orthonormal axes, evenly spaced slices), false where it is not
 * and will be resampled (`resample`).
 * @throws NoduleTrainError `scan-axes` with the field, `scan-slices`, for a grid that is not regular and not to be
 * resampled; `scan-axes` always for axes that are NaN or lie in one plane
 */
export const checkGrid = (path: string, image: ImageFile, resample: boolean): boolean => {
  const { direction, directionField, slicePositions, spacing } = image;
  const error = orthonormalError(direction);
  const straight = error <= orthonormalTolerance;
  const spans = Math.abs(determinant(direction)) > leastDeterminant;
  if (!straight && !(resample && spans)) {
    const axes = direction
      .flat()
      .map((entry) => Number(entry.toPrecision(6)))
      .join(', ');
    throw new NoduleTrainError(
      'scan-axes',
      `reading ${path}: found axes ${axes} in field ${directionField} (rows of the direction matrix), which deviate ` +
        `from orthonormal by ${error.toPrecision(3)}. ` +
        `${spans ? 'Resample it (--resample), or export' : 'Export'} it again with orthonormal axes.`,
    );
  }
  if (slicePositions === undefined) return straight;
  const gaps = slicePositions.slice(1).map((place, k) => place - slicePositions[k]!);
  if (!resample) {
    const usual = spacing![2];
    const departures = gaps.map((gap) => Math.abs(gap - usual));
    const odd = departures.indexOf(Math.max(...departures));
    throw new NoduleTrainError(
      'scan-slices',
      `reading ${path}: found slices ${odd} and ${odd + 1} (counted from 0) ${gaps[odd]!.toPrecision(4)} mm apart, ` +
        `expected ${usual.toPrecision(4)} mm, the median. Get the missing slices, or resample with --resample.`,
    );
  }
  return false;
};
