import type { Volume } from '../grid/volume.js';
import { lungWindowHu } from './greySlice.js';

/** Stored values that are shown black and white. */
export interface DisplayRange {
  black: number;
  white: number;
}

/** Finds the lung window in stored values, or for values that are not HU the lowest and highest of the scan. */
export function displayRange({ voxels, intensity, scale, offset }: Volume): DisplayRange {
  if (intensity === 'hu') {
    const [black, white] = lungWindowHu.map((hu) => (hu - offset) / scale) as [number, number];
    return { black, white };
  }
  let [low, high] = [32767, -32768];
  for (let at = 0; at < voxels.length; at++) {
    const value = voxels[at]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  // A negative scale stores bright values low.
  return scale < 0 ? { black: high, white: low } : { black: low, white: high };
}
