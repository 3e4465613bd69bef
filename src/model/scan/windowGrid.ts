import type { SliceBox, Volume } from '../../ct/index.js';

/** Rows and columns of a window, at native pixels, as in the crops on which such models are trained. */
export const WINDOW_SIZE = 128;

/** A window of the grid that covers a slice. */
export interface Window extends SliceBox {
  /** Its place in the list, and its row and column in the grid. */
  index: number;
  gridRow: number;
  gridColumn: number;
}

/** Lists overlapping windows that cover a slice, the last ones at its far edges. */
export function coveringWindows(rows: number, columns: number, stride: number): Window[] {
  const [height, width] = [Math.min(WINDOW_SIZE, rows), Math.min(WINDOW_SIZE, columns)];
  const starts = (length: number, side: number) => {
    const last = length - side;
    return [...Array.from({ length: Math.ceil(last / stride) }, (_, n) => n * stride), last];
  };
  const [tops, lefts] = [starts(rows, height), starts(columns, width)];
  return tops.flatMap((top, gridRow) =>
    lefts.map((left, gridColumn) => {
      const index = gridRow * lefts.length + gridColumn;
      return { top, left, height, width, index, gridRow, gridColumn };
    }),
  );
}

/** Lowest and highest stored value of a window in one slice. */
export type ValueRange = readonly [min: number, max: number];

/** Finds the range of each window in a slice; windows in the same columns share the search along the rows. */
export function valueRanges(
  { voxels, shape: [, rows, columns] }: Volume,
  slice: number,
  windows: readonly SliceBox[],
): ValueRange[] {
  const strips = new Map<string, { low: Int16Array; high: Int16Array }>();
  return windows.map(({ top, left, height, width }) => {
    const key = `${left} ${width}`;
    let strip = strips.get(key);
    if (strip === undefined) {
      strip = { low: new Int16Array(rows), high: new Int16Array(rows) };
      for (let r = 0; r < rows; r++) {
        const line = (slice * rows + r) * columns + left;
        let min = voxels[line]!;
        let max = min;
        for (let at = line + 1; at < line + width; at++) {
          const value = voxels[at]!;
          if (value < min) min = value;
          else if (value > max) max = value;
        }
        strip.low[r] = min;
        strip.high[r] = max;
      }
      strips.set(key, strip);
    }
    let [min, max] = [32767, -32768];
    for (let r = top; r < top + height; r++) {
      min = Math.min(min, strip.low[r]!);
      max = Math.max(max, strip.high[r]!);
    }
    return [min, max];
  });
}

/** Scaled values by stored value minus minimum: a window has fewer different values than pixels. */
const table = new Float32Array(65536);

/**
 * Scales one slice of a window, `round(255 · (HU − min) / (max − min))` with its own minimum and maximum, unclipped, as
 * lidc-nodules is made; all 0 if every value is the same. Rows of `out` are `wide` long; beyond the window its last row
 * and column repeat.
 */
export function scaleWindow(
  volume: Volume,
  slice: number,
  window: SliceBox,
  out: Float32Array,
  wide: number = window.width,
  [min, max]: ValueRange = valueRanges(volume, slice, [window])[0]!,
): void {
  const { top, left, height, width } = window;
  const {
    voxels,
    shape: [, rows, columns],
  } = volume;
  // Scale and offset of the stored values cancel out. In this order of operations halves are rounded as in
  // lidc-nodules.
  const factor = max === min ? 0 : 255 / (max - min);
  for (let value = 0; value <= max - min; value++) table[value] = Math.round(value * factor);
  const first = (slice * rows + top) * columns + left;
  for (let r = 0; r * wide < out.length; r++) {
    const line = first + Math.min(r, height - 1) * columns;
    const to = r * wide;
    for (let c = 0; c < width; c++) out[to + c] = table[voxels[line + c]! - min]!;
    if (wide > width) out.fill(out[to + width - 1]!, to + width, to + wide);
  }
}
