import type { Volume } from '../../ct/index.js';
import type { Box } from './scanRegion.js';

/** Rows and columns of a window, at native pixels, as in the crops on which such models are trained. */
export const WINDOW_SIZE = 128;

/** A window of the grid that covers a slice. */
export interface Window extends Box {
  /** Its place in the grid. */
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
  return starts(rows, height).flatMap((top, gridRow) =>
    starts(columns, width).map((left, gridColumn) => ({ top, left, height, width, gridRow, gridColumn })),
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
  { top, left, height, width }: Box,
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
