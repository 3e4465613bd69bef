import { NoduleTrainError } from '../../runtime/index.js';
import { determinant, orthonormalError } from '../grid/matrix3.js';
import type { Geometry } from '../grid/volume.js';
import type { ImageFile } from './imageFile.js';
import { describeGaps, describeStray, filesOfPair, findGaps } from './sliceGaps.js';

/** A header with six digits is off by 1e-6; more than this is a shear, which the code for volumes does not support. */
const orthonormalTolerance = 1e-3;

/** Below this determinant the axes are nearly in one plane, and their inverse is useless. */
const leastDeterminant = 1e-3;

/** How a grid that is not regular is read. */
export interface GridOptions {
  /** Resample it to a regular one. */
  readonly resample: boolean;
  /** Interpolate even where several slices are missing. */
  readonly fillGaps: boolean;
}

/**
 * Checks the grid of a file: true where it is regular (orthonormal axes, evenly spaced slices), false where it is not
 * and will be resampled (`resample`).
 * @throws NoduleTrainError `scan-axes` with the field, `scan-slices`, for a grid that is not regular and not to be
 * resampled; `scan-slices` also for gaps wider than two slice distances without `fillGaps`; `scan-axes` always for axes
 * that are NaN or lie in one plane
 */
export const checkGrid = (path: string, image: ImageFile, { resample, fillGaps }: GridOptions): boolean => {
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
  const gaps = findGaps(image);
  if (gaps.length > 0 && !(resample && fillGaps)) {
    const stray = describeStray(gaps, image);
    const advice =
      stray === null
        ? 'Get the missing slices, or interpolate them with --resample --fill-gaps.'
        : `Perhaps a scout or another series: ${stray}. Move such files to another folder.`;
    throw new NoduleTrainError(
      'scan-slices',
      `reading ${path}: found ${describeGaps(gaps, image)}, expected no gap of more than two slice distances. ${advice}`,
    );
  }
  if (!resample) {
    const usual = spacing![2];
    const distances = distancesOf(slicePositions);
    const departures = distances.map((distance) => Math.abs(distance - usual));
    const odd = departures.indexOf(Math.max(...departures));
    throw new NoduleTrainError(
      'scan-slices',
      `reading ${path}: found slices ${odd} and ${odd + 1} (counted from 0) ${distances[odd]!.toPrecision(4)} mm ` +
        `apart, expected ${usual.toPrecision(4)} mm, the median${filesOfPair(odd, image)}. Get the missing slices, or resample with --resample.`,
    );
  }
  return false;
};

/** Describes how a grid that is not regular was resampled to `slices` slices, for a note. */
export const describeResampling = (image: ImageFile, { shape, spacing }: Geometry): string => {
  const { slicePositions } = image;
  const made = `resampled to ${shape[0]} slices`;
  if (slicePositions === undefined) return `its axes are not at right angles (${image.directionField}): ${made}`;
  const distances = distancesOf(slicePositions);
  const [least, most] = [Math.min(...distances), Math.max(...distances)].map((mm) => Number(mm.toPrecision(4)));
  const every = spacing === null ? '' : `, one every ${Number(spacing[2].toPrecision(4))} mm`;
  const gaps = findGaps(image);
  const filled = gaps.length === 0 ? '' : `. Interpolated: ${describeGaps(gaps, image)}`;
  return `its ${slicePositions.length} slices are ${least} to ${most} mm apart: ${made}${every}${filled}`;
};

const distancesOf = (positions: readonly number[]): number[] =>
  positions.slice(1).map((place, k) => place - positions[k]!);
