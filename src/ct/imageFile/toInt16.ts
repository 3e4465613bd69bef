import { NoduleTrainError } from '../../runtime/index.js';
import type { Shape3, Volume } from '../grid/volume.js';
import type { ImageFile } from './imageFile.js';

interface Stored {
  readonly voxels: Int16Array;
  readonly scale: number;
  readonly offset: number;
  /** Range of the values without outliers; the range of the type for int16, which is not searched. */
  readonly min: number;
  readonly max: number;
  /** What became of values that int16 cannot hold. */
  readonly notes: readonly string[];
}

const levels = 65535;
const [lowest, highest] = [-32768, 32767];

/** Largest share of voxels beyond int16 that are outliers, and not the range of the image. */
const mostOutliers = 0.01;

/** At most so many values beyond int16 are outliers too, such as fill values, on less than half of the voxels. */
const mostFillValues = 3;

/** A single value on so many voxels and this share of them is a fill value, as outside the circle of a scanner. */
const leastFillVoxels = 1000;
const leastFillShare = 0.01;

/** HU that a fill value is read as: air, like padding in DICOM. */
const airHu = -1024;

/** A scale with fewer levels than this for the values within int16 is destroyed by the others: 1 HU of 12 bits. */
const leastLevels = 4096;

/**
 * Converts a file's values to int16: unchanged where int16 holds each of them exactly. Outliers beyond int16 are
 * clipped or, as a fill value of a scan in HU, read as air, with their number in `notes`. Else values get an offset
 * where that makes them exact, and otherwise a scale that spreads their range over all 65,536 levels (error at most
 * range / 131,070).
 * @param intensity what is known of the values; outliers of arbitrary ones are clipped only where a scale would
 * leave too few levels for the others
 * @throws NoduleTrainError `voxel-not-finite` with the index of the first NaN or infinity; `voxel-range` if the
 * range cannot be scaled
 */
export const toInt16 = (path: string, image: ImageFile, intensity: Volume['intensity'] | null): Stored => {
  const { values, slope, intercept, shape } = image;
  if (values instanceof Int16Array && slope === 1 && intercept === 0)
    return { voxels: values, scale: 1, offset: 0, min: lowest, max: highest, notes: [] };
  const valueAt = (k: number): number => Number(values[k]) * slope + intercept;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let whole = true;
  for (let k = 0; k < values.length; k++) {
    const value = valueAt(k);
    if (!Number.isFinite(value)) refuse(path, value, k, shape);
    if (value < min) min = value;
    if (value > max) max = value;
    if (whole && !Number.isInteger(value)) whole = false;
  }
  const range = { min, max, whole };
  const clipping = min < lowest || max > highest ? chooseClipping(valueAt, values.length, range, intensity) : null;
  const { fill, notes, ...inside } = clipping ?? { ...range, fill: null, notes: [] };
  const { scale, offset } = scaleOf(path, inside);
  const voxels = new Int16Array(values.length);
  if (clipping === null && scale === 1 && offset === 0) for (let k = 0; k < voxels.length; k++) voxels[k] = valueAt(k);
  else {
    for (let k = 0; k < voxels.length; k++) {
      const value = valueAt(k);
      const stored = Math.round(((value === fill ? airHu : value) - offset) / scale);
      voxels[k] = Math.max(lowest, Math.min(highest, stored));
    }
  }
  return { voxels, scale, offset, min: inside.min, max: inside.max, notes };
};

interface Range {
  readonly min: number;
  readonly max: number;
  /** Whether all values are whole numbers. */
  readonly whole: boolean;
}

interface Clipping extends Range {
  /** The value that is read as air. */
  readonly fill: number | null;
  readonly notes: readonly string[];
}

/** Decides whether values beyond int16 are outliers; null where they belong to the range of the image. */
const chooseClipping = (
  valueAt: (k: number) => number,
  count: number,
  all: Range,
  intensity: Volume['intensity'] | null,
): Clipping | null => {
  let [above, below] = [0, 0];
  let [min, max, whole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  const others = new Set<number>();
  for (let k = 0; k < count; k++) {
    const value = valueAt(k);
    if (value >= lowest && value <= highest) {
      if (value < min) min = value;
      if (value > max) max = value;
      if (whole && !Number.isInteger(value)) whole = false;
      continue;
    }
    if (value > highest) above++;
    else below++;
    if (others.size <= mostFillValues) others.add(value);
  }
  const outside = above + below;
  const few = outside <= Math.max(1, count * mostOutliers);
  const filled = others.size <= mostFillValues;
  if (outside * 2 >= count || !(few || filled)) return null;
  if (
    intensity !== 'arbitrary' &&
    others.size === 1 &&
    outside >= leastFillVoxels &&
    outside >= leastFillShare * count &&
    min < 0
  ) {
    const [fill] = others as unknown as [number];
    const notes = [`${outside} voxels (${percent(outside, count)}) of ${fill}, a fill value, are read as ${airHu} HU`];
    return { min: Math.min(min, airHu), max, whole, fill, notes };
  }
  const exact = all.whole && all.max - all.min <= levels;
  const levelsInside = ((max - min) / (all.max - all.min)) * levels;
  const destroyed = !exact && levelsInside < leastLevels;
  const clipped = intensity === 'arbitrary' ? destroyed : whole ? few || !exact : destroyed;
  if (!clipped) return null;
  const side = (voxels: number, where: string, limit: number, extreme: number, inside: number): string[] =>
    voxels === 0
      ? []
      : [
          `${voxels} voxel${voxels === 1 ? '' : 's'} ${where} ${limit} (${percent(voxels, count)}, up to ${extreme}) ` +
            `${voxels === 1 ? 'was' : 'were'} clipped to ${whole ? limit : inside}`,
        ];
  const notes = [...side(above, 'above', highest, all.max, max), ...side(below, 'below', lowest, all.min, min)];
  return { min, max, whole, fill: null, notes };
};

const percent = (part: number, count: number): string => `${Number(((100 * part) / count).toPrecision(2))} %`;

/**
 * Scale and offset of values in a range: none where int16 holds them, else an offset alone where that makes whole
 * numbers exact.
 */
const scaleOf = (path: string, { min, max, whole }: Range): Pick<Stored, 'scale' | 'offset'> => {
  if (whole && min >= lowest && max <= highest) return { scale: 1, offset: 0 };
  if (whole && max - min <= levels) return { scale: 1, offset: min - lowest };
  const scale = max > min ? (max - min) / levels : 1;
  const offset = max > min ? min - lowest * scale : min;
  if (!Number.isFinite(scale) || !Number.isFinite(offset) || scale === 0) {
    throw new NoduleTrainError(
      'voxel-range',
      `reading ${path}: its values run from ${min} to ${max}, expected a range that can be scaled to 16 bits. Is ` +
        'this an image?',
    );
  }
  return { scale, offset };
};

const refuse = (path: string, value: number, k: number, [, rows, columns]: Shape3): never => {
  const index = Math.floor(k / (rows * columns));
  throw new NoduleTrainError(
    'voxel-not-finite',
    `reading ${path}: voxel [index ${index}, row ${Math.floor(k / columns) % rows}, column ${k % columns}] is ` +
      `${value}, the first that is not finite, expected a finite number in every voxel. Replace it (by -1000 HU ` +
      'for air) and write the file again.',
  );
};
