import { encode } from 'fast-png';
import type { Colour, RgbImage } from './rgbImage.js';

/** A slice and its marks. */
export interface OutlinedSlice {
  /** `[rows, columns]`, 0 to 255. */
  grey: Uint8Array;
  rows: number;
  columns: number;
  /** Masks `[rows, columns]` whose inner edge is drawn; later ones over earlier ones. */
  outlines?: readonly { set: Uint8Array; colour: Colour }[];
  /** Colour where several outlines coincide; without it the last one is visible. */
  meeting?: Colour;
  /** A cross with an open middle, so the voxel at the point stays visible. */
  cross?: { row: number; column: number; colour: Colour };
}

/** A part of the slice, in voxels; it may reach beyond the slice. */
export interface SliceWindow {
  top: number;
  left: number;
  high: number;
  wide: number;
}

/** Grey value beyond the slice. */
const outside = 24;

/**
 * Renders a window of a slice with thin outlines, at `zoom` pixels per voxel (below 1, one pixel for several voxels).
 * @returns a PNG file: RGB where there are marks, else grey
 */
export function outlinePicture(slice: OutlinedSlice, window: SliceWindow, zoom: number): Uint8Array {
  const { width, height, rgb } = outlineImage(slice, window, zoom);
  const marked = (slice.outlines ?? []).length > 0 || slice.cross !== undefined;
  const data = marked ? rgb : rgb.filter((_, at) => at % 3 === 0);
  return encode({ width, height, data, channels: marked ? 3 : 1, depth: 8 });
}

/** Renders the same picture to draw on. */
export function outlineImage(
  { grey, rows, columns, outlines = [], meeting, cross }: OutlinedSlice,
  { top, left, high, wide }: SliceWindow,
  zoom: number,
): RgbImage {
  const [width, height] = [Math.floor(wide * zoom), Math.floor(high * zoom)];
  const rgb = new Uint8Array(width * height * 3);
  const voxelOf = (x: number, y: number) => {
    const [r, c] = [top + Math.floor(y / zoom), left + Math.floor(x / zoom)];
    return r < 0 || c < 0 || r >= rows || c >= columns ? -1 : r * columns + c;
  };
  const isEdge = (set: Uint8Array, x: number, y: number, at: number) => {
    if (at < 0 || set[at] === 0) return false;
    return [voxelOf(x - 1, y), voxelOf(x + 1, y), voxelOf(x, y - 1), voxelOf(x, y + 1)].some(
      (next) => next < 0 || set[next] === 0,
    );
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = voxelOf(x, y);
      const value = at < 0 ? outside : grey[at]!;
      let colour: Colour = [value, value, value];
      let met = 0;
      for (const outline of outlines) {
        if (!isEdge(outline.set, x, y, at)) continue;
        colour = outline.colour;
        met++;
      }
      if (met > 1 && meeting !== undefined) colour = meeting;
      if (cross && onCross(x - (cross.column - left + 0.5) * zoom, y - (cross.row - top + 0.5) * zoom))
        colour = cross.colour;
      const to = 3 * (y * width + x);
      rgb[to] = colour[0];
      rgb[to + 1] = colour[1];
      rgb[to + 2] = colour[2];
    }
  }
  return { width, height, rgb };
}

function onCross(dx: number, dy: number): boolean {
  const [x, y] = [Math.abs(dx), Math.abs(dy)];
  return (x < 1 && y > 5 && y < 13) || (y < 1 && x > 5 && x < 13);
}
