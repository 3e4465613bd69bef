import { NoduleTrainError } from '../../runtime/index.js';
import type { Shape3 } from '../grid/volume.js';
import type { ImageFile } from './imageFile.js';

interface Stored {
  readonly voxels: Int16Array;
  readonly scale: number;
  readonly offset: number;
  /** Range of the values; the range of the type for int16, which is not searched. */
  readonly min: number;
  readonly max: number;
}

const levels = 65535;

/**
 * Converts a file's values to int16: unchanged where int16 holds each of them exactly, else with a scale and an offset
 * that spread their range over all 65,536 levels (error at most range / 65,535).
 * @throws NoduleTrainError `voxel-not-finite` with the index of the first NaN or infinity; `voxel-range` if the
 * range cannot be scaled
 */
export const toInt16 = (path: string, image: ImageFile): Stored => {
  const { values, slope, intercept, shape } = image;
  if (values instanceof Int16Array && slope === 1 && intercept === 0)
    return { voxels: values, scale: 1, offset: 0, min: -32768, max: 32767 };
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
  if (whole && min >= -32768 && max <= 32767) {
    const voxels = new Int16Array(values.length);
    for (let k = 0; k < voxels.length; k++) voxels[k] = valueAt(k);
    return { voxels, scale: 1, offset: 0, min, max };
  }
  const scale = max > min ? (max - min) / levels : 1;
  const offset = max > min ? min + 32768 * scale : min;
  if (!Number.isFinite(scale) || !Number.isFinite(offset) || scale === 0) {
    throw new NoduleTrainError(
      'voxel-range',
      `reading ${path}: its values run from ${min} to ${max}, expected a range that can be scaled to 16 bits. Is ` +
        'this an image?',
    );
  }
  const voxels = new Int16Array(values.length);
  for (let k = 0; k < voxels.length; k++) {
    voxels[k] = Math.max(-32768, Math.min(32767, Math.round((valueAt(k) - offset) / scale)));
  }
  return { voxels, scale, offset, min, max };
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
