import type { Volume } from '../grid/volume.js';

/** The lung window in HU: black and white. */
export const lungWindowHu = [-1350, 150] as const;

/**
 * Renders a slice in grey, `[rows, columns]`, 0 to 255: in the lung window, or for values that are not HU from the
 * lowest to the highest of the slice.
 */
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
