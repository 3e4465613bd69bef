import { NoduleTrainError } from '../runtime/error.js';
import type { ImageFile } from './imageFile.js';
import { orthonormalError } from './matrix3.js';

/** Axes of a header with six digits are off by 1e-6; more than this is a shear, which no rule here allows for. */
const orthonormalTolerance = 1e-3;

/** Refuses a grid that no spacing, origin and direction describe. Throws 'scan-axes' with the field and the figures. */
export const checkAxes = (path: string, { direction, directionField }: ImageFile): void => {
  const error = orthonormalError(direction);
  if (error > orthonormalTolerance) {
    throw new NoduleTrainError(
      'scan-axes',
      `reading ${path}: field ${directionField} gives the axes ${direction.flat().map((entry) => Number(entry.toPrecision(6)))} (rows of the direction), off orthonormal by ${error.toPrecision(3)}; wanted are axes of length 1 at right angles`,
    );
  }
};
