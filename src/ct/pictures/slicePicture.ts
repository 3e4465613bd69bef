import type { RgbImage } from './rgbImage.js';

/** Lung window, black to white. */
const lungWindow = { low: -1350, high: 150 };

/** What the colours of a picture mean, for people. */
export const pictureLegend =
  'green: label that the prediction missed; red: prediction outside every label (false positive); yellow: both agree';

/**
 * A slice in grey with the label in green and the prediction in red over it. Where both lie is yellow, so a false
 * positive (red) and a miss (green) are told apart.
 *
 * @param hu `[rows, columns]`, values in HU, or others with a `window` of their own (black to white)
 * @param label above 0 where labelled
 * @param prediction above 0 where predicted
 */
export function slicePicture(
  hu: ArrayLike<number>,
  label: ArrayLike<number>,
  prediction: ArrayLike<number>,
  rows: number,
  columns: number,
  window: { low: number; high: number } = lungWindow,
): RgbImage {
  const rgb = new Uint8Array(rows * columns * 3);
  for (let pixel = 0; pixel < rows * columns; pixel++) {
    const share = ((hu[pixel] as number) - window.low) / (window.high - window.low);
    const grey = 255 * Math.min(1, Math.max(0, share));
    const labelled = (label[pixel] as number) > 0;
    const predicted = (prediction[pixel] as number) > 0;
    // Half transparent, so that the nodule stays visible below.
    const blend = (on: boolean) => (labelled || predicted ? (grey + (on ? 255 : 0)) / 2 : grey);
    rgb[3 * pixel] = blend(predicted);
    rgb[3 * pixel + 1] = blend(labelled);
    rgb[3 * pixel + 2] = blend(false);
  }
  return { width: columns, height: rows, rgb };
}
