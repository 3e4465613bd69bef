import { lungWindowHu } from './greySlice.js';
import type { RgbImage } from './rgbImage.js';

/** The meaning of the colours, for people. */
export const pictureLegend =
  'green: label that the prediction missed; red: prediction outside every label (false positive); yellow: both agree';

/**
 * Renders a slice in grey, overlaid with the label in green and the prediction in red. Both together give yellow, so
 * misses (green) and false positives (red) are visible.
 *
 * @param hu `[rows, columns]` in HU, or other values with their own `window`
 * @param label `[rows, columns]`, above 0 where labelled
 * @param prediction `[rows, columns]`, above 0 where predicted
 * @param window values of black and white
 */
export function slicePicture(
  hu: ArrayLike<number>,
  label: ArrayLike<number>,
  prediction: ArrayLike<number>,
  rows: number,
  columns: number,
  window: { low: number; high: number } = { low: lungWindowHu[0], high: lungWindowHu[1] },
): RgbImage {
  const rgb = new Uint8Array(rows * columns * 3);
  for (let pixel = 0; pixel < rows * columns; pixel++) {
    const share = ((hu[pixel] as number) - window.low) / (window.high - window.low);
    const grey = 255 * Math.min(1, Math.max(0, share));
    const labelled = (label[pixel] as number) > 0;
    const predicted = (prediction[pixel] as number) > 0;
    // Half transparent, so the nodule below stays visible.
    const blend = (on: boolean) => (labelled || predicted ? (grey + (on ? 255 : 0)) / 2 : grey);
    rgb[3 * pixel] = blend(predicted);
    rgb[3 * pixel + 1] = blend(labelled);
    rgb[3 * pixel + 2] = blend(false);
  }
  return { width: columns, height: rows, rgb };
}
