import type { Canvas } from './canvas.js';
import { scramble } from './random.js';

/**
 * Point spread of the reconstruction beyond the voxel itself: standard deviation in the plane in mm, along z in slices.
 */
const BLUR_MM = 0.45;
const BLUR_SLICES = 0.35;

/**
 * Simulates the measurement: blurs the canvas with the scanner's point spread and adds noise that is correlated in the
 * plane. Returns int16 HU, `[slices, rows, columns]`, clipped to [-1024, 3071] like the values of 12-bit scanners.
 *
 * The noise of a voxel depends only on the seed and the voxel's number.
 */
export function simulateScanner({ hu, shape, spacing }: Canvas, noiseHu: number, seed: number): Int16Array {
  const [slices, rows, columns] = shape;
  const plane = rows * columns;
  const out = new Int16Array(slices * plane);
  const [before, middle, after, noise] = [0, 0, 0, 0].map(() => new Float32Array(plane)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const weight = Math.min(0.25, BLUR_MM ** 2 / (2 * spacing[0] * spacing[1]));
  const slice = (i: number) => hu.subarray(i * plane, (i + 1) * plane);
  const across = BLUR_SLICES ** 2 / 2;
  const key = scramble(seed ^ 0x51ed270b);
  // [1 2 1] / 4 along rows and columns keeps 3/8 · 3/8 of the variance, so 3/8 of the standard deviation.
  const gain = noiseHu / (0.375 * SUM_OF_BYTES);
  let window = [before, middle, after] as [Float32Array, Float32Array, Float32Array];
  blurPlane(slice(0), window[1], rows, columns, weight);
  window[0].set(window[1]);
  for (let i = 0; i < slices; i++) {
    if (i + 1 < slices) blurPlane(slice(i + 1), window[2], rows, columns, weight);
    else window[2].set(window[1]);
    whiteNoise(noise, key, i * plane);
    blurPlane(noise, noise, rows, columns, 0.25);
    const [low, here, high] = window;
    for (let at = 0; at < plane; at++) {
      const clean = here[at]! + across * (low[at]! + high[at]! - 2 * here[at]!);
      const value = Math.round(clean + gain * noise[at]!);
      out[i * plane + at] = Math.max(-1024, Math.min(3071, value));
    }
    window = [window[1], window[2], window[0]];
  }
  return out;
}

/** Standard deviation of the sum of four bytes. */
export const SUM_OF_BYTES = Math.sqrt((4 * (256 ** 2 - 1)) / 12);

/** Fills a plane with sums of a hash's four bytes, close enough to normal for noise that is smoothed afterwards. */
export function whiteNoise(noise: Float32Array, key: number, first: number): void {
  for (let at = 0; at < noise.length; at++) {
    const h = scramble((first + at) ^ key);
    noise[at] = (h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24) - 510;
  }
}

/** Convolves with [w, 1 - 2w, w] along rows and columns, repeating the edges; `to` may be `from`. */
function blurPlane(from: Float32Array, to: Float32Array, rows: number, columns: number, weight: number): void {
  const rest = 1 - 2 * weight;
  for (let r = 0; r < rows; r++) {
    const base = r * columns;
    let left = from[base]!;
    let here = left;
    for (let c = 0; c < columns; c++) {
      const right = c + 1 < columns ? from[base + c + 1]! : here;
      to[base + c] = weight * (left + right) + rest * here;
      left = here;
      here = right;
    }
  }
  const above = Float32Array.from(to.subarray(0, columns));
  for (let r = 0; r < rows; r++) {
    const base = r * columns;
    const below = r + 1 < rows ? columns : 0;
    for (let c = 0; c < columns; c++) {
      const here = to[base + c]!;
      to[base + c] = weight * (above[c]! + to[base + below + c]!) + rest * here;
      above[c] = here;
    }
  }
}
