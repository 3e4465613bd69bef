import type { Volume } from '../grid/volume.js';

/** Lung window, black to white. */
const lungWindowHu = [-1350, 150] as const;

/** A slice as grey, `[rows, columns]`, 0 … 255: the lung window; of values that are not HU from the slice's least to its greatest. */
export function greySlice({ voxels, shape, scale, offset, intensity }: Volume, slice: number): Uint8Array {
  const plane = shape[1] * shape[2];
  const values = voxels.subarray(slice * plane, (slice + 1) * plane);
  let [low, high]: readonly number[] = lungWindowHu;
  if (intensity !== 'hu') {
    [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) {
      low = Math.min(low, value * scale + offset);
      high = Math.max(high, value * scale + offset);
    }
  }
  const range = Math.max(1, high! - low!);
  return Uint8Array.from(values, (value) =>
    Math.min(255, Math.max(0, (255 * (value * scale + offset - low!)) / range)),
  );
}
