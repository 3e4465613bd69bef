import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { lungMask, type Volume } from '../ct/index.js';
import { fromData, noGrad, scope } from '../torch/index.js';
import type { ScanModel } from './scanModel.js';

/** Rows and columns of a window, at native pixels, as in the crops on which such models are trained. */
export const WINDOW_SIZE = 128;

export interface WindowOptions {
  /** Windows per forward pass; default 16, as much as one slice of 512 × 512. */
  windows?: number;
  /** Distance between windows in rows and columns; default half a window. */
  stride?: number;
  /** Also run windows without lung voxels. */
  everyWindow?: boolean;
  onProgress?: ((slicesDone: number, slices: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs a network that was trained on windows scaled slice by slice (`minmax-window`) over a scan in HU. Each slice is
 * covered by windows of 128 × 128 that overlap, the last ones at its far edges; each slice of a window is scaled by
 * itself. Where windows overlap, their probabilities are averaged with weights that fall linearly from a window's
 * middle to its edges. A slice smaller than that is one window.
 *
 * Windows without a voxel of the lung mask are skipped: whatever covers a voxel of the lungs is run, so nothing changes
 * inside them; what only skipped windows cover has probability 0. Nothing is skipped where the spacing is unknown or no
 * lungs are found.
 *
 * @returns one probability per voxel, `[slices, rows, columns]`
 */
export async function windowProbabilities(
  volume: Volume,
  model: ScanModel,
  { windows = 16, stride = WINDOW_SIZE / 2, everyWindow = false, onProgress, signal }: WindowOptions = {},
): Promise<Float32Array> {
  const [slices, rows, columns] = volume.shape;
  const size = rows * columns;
  const grid = coveringWindows(rows, columns, stride);
  const lungs = everyWindow ? null : findLungs(volume);
  const [down, across] = [tentWeights(Math.min(WINDOW_SIZE, rows)), tentWeights(Math.min(WINDOW_SIZE, columns))];
  const out = new Float32Array(slices * size);
  const weights = new Float32Array(size);
  for (let slice = 0; slice < slices; slice++) {
    signal?.throwIfAborted();
    const sums = out.subarray(slice * size, (slice + 1) * size);
    const plane = lungs?.subarray(slice * size, (slice + 1) * size);
    const needed = plane === undefined ? grid : grid.filter((window) => touches(plane, columns, window));
    weights.fill(0);
    for (let at = 0; at < needed.length; at += windows) {
      const chosen = needed.slice(at, at + windows);
      const probabilities = forwardWindows(volume, model, slice, chosen);
      chosen.forEach(({ top, left, height, width }, n) => {
        for (let r = 0; r < height; r++) {
          const target = (top + r) * columns + left;
          const source = (n * height + r) * width;
          for (let c = 0; c < width; c++) {
            const weight = down[r]! * across[c]!;
            sums[target + c]! += weight * probabilities[source + c]!;
            weights[target + c]! += weight;
          }
        }
      });
    }
    for (let at = 0; at < size; at++) if (weights[at]! > 0) sums[at]! /= weights[at]!;
    onProgress?.(slice + 1, slices);
    await yieldToEvents();
  }
  return out;
}

/** A part of a slice: its first row and column, and its size. */
export interface Window {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** Lists overlapping windows that cover a slice, the last ones at its far edges. */
export function coveringWindows(rows: number, columns: number, stride: number): Window[] {
  const [height, width] = [Math.min(WINDOW_SIZE, rows), Math.min(WINDOW_SIZE, columns)];
  const starts = (length: number, side: number) => {
    const last = length - side;
    return [...Array.from({ length: Math.ceil(last / stride) }, (_, n) => n * stride), last];
  };
  return starts(rows, height).flatMap((top) => starts(columns, width).map((left) => ({ top, left, height, width })));
}

/** Weights along a side of a window: they fall linearly from 1 in the middle and are never 0. */
function tentWeights(length: number): Float32Array {
  return Float32Array.from({ length }, (_, at) => Math.min(at + 0.5, length - at - 0.5) / (length / 2));
}

function findLungs(volume: Volume): Uint8Array | null {
  if (volume.spacing === null) return null;
  const lungs = lungMask(volume);
  return lungs.includes(1) ? lungs : null;
}

function touches(plane: Uint8Array, columns: number, { top, left, height, width }: Window): boolean {
  for (let row = top; row < top + height; row++) {
    const line = row * columns;
    for (let at = line + left; at < line + left + width; at++) if (plane[at] === 1) return true;
  }
  return false;
}

/** Runs the network over windows of equal size in one slice. Returns probabilities `[windows, height, width]`. */
function forwardWindows(volume: Volume, model: ScanModel, slice: number, windows: readonly Window[]): Float32Array {
  const { height, width } = windows[0]!;
  const up = (length: number) => Math.ceil(length / model.sizeMultiple) * model.sizeMultiple;
  const [padded, wide] = [up(height), up(width)];
  const channels = 2 * model.contextSlices + 1;
  const last = volume.shape[0] - 1;
  const image = new Float32Array(windows.length * channels * padded * wide);
  windows.forEach((window, n) => {
    for (let channel = 0; channel < channels; channel++) {
      const from = Math.min(Math.max(slice + channel - model.contextSlices, 0), last);
      const at = (n * channels + channel) * padded * wide;
      scaleWindow(volume, from, window, image.subarray(at, at + padded * wide), wide);
    }
  });
  return noGrad(() =>
    scope(() => {
      const input = fromData(image, [windows.length, channels, padded, wide]).to(model.device);
      const cut = model.net
        .forward(input)
        .narrow(2, 0, height)
        .narrow(3, 0, width)
        .to('cpu')
        .to('float32')
        .contiguous();
      // Copied, because the view ends with the scope.
      return Float32Array.from(cut.data() as Float32Array);
    }),
  );
}

/**
 * Scales one slice of a window, `round(255 · (HU − min) / (max − min))` with its own minimum and maximum, unclipped, as
 * lidc-nodules is made; all 0 if every value is the same. Rows of `out` are `wide` long; beyond the window its last row
 * and column repeat.
 */
export function scaleWindow(
  { voxels, shape: [, rows, columns] }: Volume,
  slice: number,
  { top, left, height, width }: Window,
  out: Float32Array,
  wide: number = width,
): void {
  let [min, max] = [32767, -32768];
  const first = (slice * rows + top) * columns + left;
  for (let r = 0; r < height; r++) {
    const line = first + r * columns;
    for (let at = line; at < line + width; at++) {
      const value = voxels[at]!;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  // Scale and offset of the stored values cancel out. In this order of operations halves are rounded as in
  // lidc-nodules.
  const factor = max === min ? 0 : 255 / (max - min);
  for (let r = 0; r * wide < out.length; r++) {
    const line = first + Math.min(r, height - 1) * columns;
    for (let c = 0; c < wide; c++)
      out[r * wide + c] = Math.round((voxels[line + Math.min(c, width - 1)]! - min) * factor);
  }
}
