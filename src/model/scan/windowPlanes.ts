import type { SliceBox, Volume } from '../../ct/index.js';
import { fromData, noGrad, ops, scope, type Tensor } from '../../torch/index.js';
import type { ScanModel } from '../scanModel.js';
import { choosePassSize } from './choosePassSize.js';
import type { ScanRegion } from './scanRegion.js';
import { coveringWindows, scaleWindow, type ValueRange, valueRanges, WINDOW_SIZE, type Window } from './windowGrid.js';

export interface WindowOptions {
  /** Windows per forward pass; by default 16 on a CPU, as much as one slice of 512 × 512, more on a GPU. */
  windows?: number | undefined;
  /** Distance between windows in rows and columns; default half a window. */
  stride?: number | undefined;
}

/** Axes of `[B, C, H, W]` to reverse: none, rows, columns, both. */
const MIRRORS: readonly (readonly number[])[] = [[], [2], [3], [2, 3]];

/**
 * Runs a network that was trained on windows scaled slice by slice (`minmax-window`) over a scan in HU. Each slice is
 * covered by windows of 128 × 128 that overlap, the last ones at its far edges; each slice of a window is scaled by
 * itself. Where windows overlap, their probabilities are averaged with weights that fall linearly from a window's
 * middle to its edges. A slice smaller than that is one window.
 *
 * Windows without a voxel of the region's lungs are skipped: whatever covers a voxel of the lungs is run, so nothing
 * changes inside them. Without lungs, windows outside the box of a slice are skipped.
 *
 * A model with mirror averaging sees each window once, in one of the four mirror images: rows are reversed in every
 * second row of windows, columns in every second column. At a stride of half a window each place is in four windows and
 * so in all four mirror images.
 *
 * @yields the probabilities of one slice after another, `[rows, columns]`, 0 outside its box; null for a slice without
 *   windows. A plane is valid until the next one
 */
export function* windowPlanes(
  volume: Volume,
  model: ScanModel,
  { boxes, kind, lungs }: Pick<ScanRegion, 'boxes' | 'kind' | 'lungs'>,
  { windows = choosePassSize(model.device, WINDOW_SIZE ** 2, 16), stride = WINDOW_SIZE / 2 }: WindowOptions = {},
): Generator<Float32Array | null, void, void> {
  const [slices, rows, columns] = volume.shape;
  const size = rows * columns;
  const grid = coveringWindows(rows, columns, stride);
  const needed = (slice: number): Window[] => {
    const box = boxes[slice] ?? null;
    if (box === null) return [];
    if (kind !== 'lungs' || lungs === null) return grid.filter((window) => overlaps(window, box));
    const plane = lungs.subarray(slice * size, (slice + 1) * size);
    return grid.filter((window) => touches(plane, columns, window));
  };
  const ranges = new Map<number, ValueRange[]>();
  const rangesOf = (slice: number) => {
    const known = ranges.get(slice) ?? valueRanges(volume, slice, grid);
    ranges.set(slice, known);
    return known;
  };
  const blend = createBlend(rows, columns);
  for (let first = 0; first < slices; ) {
    const group: Window[][] = [];
    let total = 0;
    // A GPU gets the windows of several slices at once.
    while (first + group.length < slices && (group.length === 0 || total + grid.length <= windows)) {
      const next = needed(first + group.length);
      group.push(next);
      total += next.length;
    }
    const places = group.flatMap((some, n) => some.map((window) => ({ window, slice: first + n })));
    const passes = Math.ceil(places.length / windows);
    const results: Float32Array[] = [];
    for (let pass = 0; pass < passes; pass++) {
      const [from, to] = [pass, pass + 1].map((n) => Math.round((n * places.length) / passes));
      results.push(...forwardWindows(volume, model, places.slice(from, to), rangesOf));
    }
    let at = 0;
    for (const [n, some] of group.entries()) {
      yield some.length === 0 ? null : blend(some, results.slice(at, at + some.length), boxes[first + n]!);
      at += some.length;
    }
    first += group.length;
  }
}

/** Makes the function that averages the windows of a slice; it returns the same plane each time. */
function createBlend(rows: number, columns: number) {
  const [down, across] = [tentWeights(Math.min(WINDOW_SIZE, rows)), tentWeights(Math.min(WINDOW_SIZE, columns))];
  const sums = new Float32Array(rows * columns);
  const weights = new Float32Array(rows * columns);
  let weighted = '';
  /** Sums the weights at each pixel; neighbouring slices mostly have the same windows. */
  const sumWeights = (windows: readonly Window[]) => {
    const places = windows.map(({ top, left }) => `${top} ${left}`).join();
    if (places === weighted) return;
    weighted = places;
    weights.fill(0);
    for (const { top, left, height, width } of windows) {
      for (let r = 0; r < height; r++) {
        const target = (top + r) * columns + left;
        const row = down[r]!;
        for (let c = 0; c < width; c++) weights[target + c]! += row * across[c]!;
      }
    }
  };
  return (windows: readonly Window[], probabilities: readonly Float32Array[], box: SliceBox): Float32Array => {
    sums.fill(0);
    sumWeights(windows);
    for (const [n, { top, left, height, width }] of windows.entries()) {
      const values = probabilities[n]!;
      for (let r = 0; r < height; r++) {
        const target = (top + r) * columns + left;
        const source = r * width;
        const row = down[r]!;
        for (let c = 0; c < width; c++) sums[target + c]! += row * across[c]! * values[source + c]!;
      }
    }
    sums.fill(0, 0, box.top * columns);
    sums.fill(0, (box.top + box.height) * columns);
    for (let r = box.top; r < box.top + box.height; r++) {
      const line = r * columns;
      sums.fill(0, line, line + box.left);
      sums.fill(0, line + box.left + box.width, line + columns);
      for (let at = line + box.left; at < line + box.left + box.width; at++)
        if (weights[at]! > 0) sums[at]! /= weights[at]!;
    }
    return sums;
  };
}

/** Weights along a side of a window: they fall linearly from 1 in the middle and are never 0. */
function tentWeights(length: number): Float32Array {
  return Float32Array.from({ length }, (_, at) => Math.min(at + 0.5, length - at - 0.5) / (length / 2));
}

const overlaps = (a: SliceBox, b: SliceBox): boolean =>
  a.top < b.top + b.height && b.top < a.top + a.height && a.left < b.left + b.width && b.left < a.left + a.width;

function touches(plane: Uint8Array, columns: number, { top, left, height, width }: SliceBox): boolean {
  for (let row = top; row < top + height; row++) {
    const line = row * columns;
    for (let at = line + left; at < line + left + width; at++) if (plane[at] === 1) return true;
  }
  return false;
}

/** Runs the network over windows of equal size. Returns the probabilities of each, `[height, width]`. */
function forwardWindows(
  volume: Volume,
  model: ScanModel,
  places: readonly { window: Window; slice: number }[],
  rangesOf: (slice: number) => readonly ValueRange[],
): Float32Array[] {
  const { height, width } = places[0]!.window;
  const up = (length: number) => Math.ceil(length / model.sizeMultiple) * model.sizeMultiple;
  const [padded, wide] = [up(height), up(width)];
  const channels = 2 * model.contextSlices + 1;
  const last = volume.shape[0] - 1;
  const image = new Float32Array(places.length * channels * padded * wide);
  places.forEach(({ window, slice }, n) => {
    for (let channel = 0; channel < channels; channel++) {
      const from = Math.min(Math.max(slice + channel - model.contextSlices, 0), last);
      const at = (n * channels + channel) * padded * wide;
      scaleWindow(volume, from, window, image.subarray(at, at + padded * wide), wide, rangesOf(from)[window.index]!);
    }
  });
  return noGrad(() =>
    scope(() => {
      const input = fromData(image, [places.length, channels, padded, wide]).to(model.device);
      const output = model.unaveraged
        ? forwardMirrored(
            model.unaveraged,
            input,
            places.map(({ window }) => mirrorOf(window)),
          )
        : model.net.forward(input);
      const cut = output.narrow(2, 0, height).narrow(3, 0, width).to('cpu').to('float32').contiguous();
      // Copied, because the view ends with the scope.
      const values = (cut.data() as Float32Array).slice();
      return places.map((_, n) => values.subarray(n * height * width, (n + 1) * height * width));
    }),
  );
}

/** Number of the mirror image in which a window is seen, an index of `MIRRORS`. */
const mirrorOf = ({ gridRow, gridColumn }: Window): number => (gridRow % 2) + 2 * (gridColumn % 2);

/** Runs a network once over windows, each in its own mirror image, and mirrors the results back. */
function forwardMirrored(net: { forward(image: Tensor): Tensor }, input: Tensor, mirrors: readonly number[]): Tensor {
  const groups = MIRRORS.map((axes, mirror) => ({
    axes: [...axes],
    members: mirrors.flatMap((one, n) => (one === mirror ? [n] : [])),
  })).filter(({ members }) => members.length > 0);
  const pick = (members: readonly number[], device: Tensor['device']) =>
    fromData(BigInt64Array.from(members, BigInt), [members.length]).to(device);
  const turned = groups.map(({ axes, members }) => {
    const some: Tensor = ops.index_select(input, 0, pick(members, input.device));
    return axes.length === 0 ? some : ops.flip(some, axes);
  });
  const output = net.forward(ops.cat(turned));
  let at = 0;
  const back = groups.map(({ axes, members }) => {
    const some = output.narrow(0, at, members.length);
    at += members.length;
    return axes.length === 0 ? some : ops.flip(some, axes);
  });
  const order = groups.flatMap(({ members }) => members);
  const inverse = order.map((_, n) => order.indexOf(n));
  return ops.index_select(ops.cat(back), 0, pick(inverse, output.device));
}
