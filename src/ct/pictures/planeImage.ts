import type { Shape3, Vector3, Volume } from '../grid/volume.js';
import type { DisplayRange } from './displayRange.js';
import { outlineImage } from './outlinePicture.js';
import type { PatientView, ViewAxis } from './patientViews.js';
import type { Colour, RgbImage } from './rgbImage.js';

/** A rectangle in the plane of a view. */
export interface PlaneWindow {
  view: PatientView;
  /** Index along the fixed axis. */
  index: number;
  /** Index in the array `[slice, row, column]` of the middle of the picture; fractional. */
  center: Vector3;
  width: number;
  height: number;
  /** Size of a pixel in mm, or in voxels where the spacing is unknown. */
  pixel: number;
}

/** Grey value beyond the scan. */
const OUTSIDE = 24;

/**
 * Draws a plane of a scan with square pixels: grey values by linear interpolation in the plane, masks by the nearest
 * voxel, their inner edges as outlines.
 * @param outlines positions of voxels in the scan's array; later ones are drawn over earlier ones
 */
export function planeImage(
  { voxels, shape, spacing }: Volume,
  window: PlaneWindow,
  { black, white }: DisplayRange,
  outlines: readonly { positions: Int32Array; colour: Colour }[] = [],
): RgbImage {
  const { view, index, width, height } = window;
  const strides = [shape[1] * shape[2], shape[2], 1] as const;
  const place = placeOn(window, spacing);
  const start = index * strides[view.fixed];
  const across = samples(place.indexAt(view.across, width), shape[view.across.axis], strides[view.across.axis]);
  const down = samples(place.indexAt(view.down, height), shape[view.down.axis], strides[view.down.axis]);
  const range = white === black ? 1 : white - black;
  const grey = new Uint8Array(width * height).fill(OUTSIDE);
  for (let y = 0; y < height; y++) {
    if (down.nearest[y]! < 0) continue;
    const [top, bottom, lower] = [start + down.low[y]!, start + down.high[y]!, down.share[y]!];
    for (let x = 0; x < width; x++) {
      if (across.nearest[x]! < 0) continue;
      const [left, right, share] = [across.low[x]!, across.high[x]!, across.share[x]!];
      const above = voxels[top + left]! * (1 - share) + voxels[top + right]! * share;
      const below = voxels[bottom + left]! * (1 - share) + voxels[bottom + right]! * share;
      const value = above * (1 - lower) + below * lower;
      grey[y * width + x] = Math.min(255, Math.max(0, (255 * (value - black)) / range));
    }
  }
  const sets = outlines.map(({ positions, colour }) => {
    const lines = shape[view.across.axis];
    const plane = setInPlane(positions, shape, view, index);
    const set = new Uint8Array(width * height);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        if (across.nearest[x]! >= 0 && down.nearest[y]! >= 0)
          set[y * width + x] = plane[down.nearest[y]! * lines + across.nearest[x]!]!;
    // A voxel between the middles of pixels is shown too.
    for (let at = 0; at < plane.length; at++) {
      if (plane[at] === 0) continue;
      const voxel = [0, 0, 0] as [number, number, number];
      voxel[view.down.axis] = Math.floor(at / lines);
      voxel[view.across.axis] = at % lines;
      const [x, y] = place.toPixel(voxel).map(Math.floor) as [number, number];
      if (x >= 0 && y >= 0 && x < width && y < height) set[y * width + x] = 1;
    }
    return { set, colour };
  });
  const whole = { top: 0, left: 0, high: height, wide: width };
  return outlineImage({ grey, rows: height, columns: width, outlines: sets }, whole, 1);
}

/** Converts between indices of the array and pixels of the picture. */
export function placeOn(
  { view, center, width, height, pixel }: Omit<PlaneWindow, 'index'>,
  spacing: Vector3 | null,
): {
  /** Index along an axis at the middle of each pixel. */
  indexAt(axis: ViewAxis, pixels: number): Float64Array;
  /** Point `[x, y]` of an index `[slice, row, column]`. */
  toPixel(index: Vector3): [x: number, y: number];
} {
  const perPixel = ({ axis, reversed }: ViewAxis) => ((reversed ? -1 : 1) * pixel) / (spacing?.[2 - axis] ?? 1);
  const along = (axis: ViewAxis, index: Vector3, pixels: number) =>
    (index[axis.axis] - center[axis.axis]) / perPixel(axis) + pixels / 2;
  return {
    indexAt: (axis, pixels) =>
      Float64Array.from({ length: pixels }, (_, n) => center[axis.axis] + (n + 0.5 - pixels / 2) * perPixel(axis)),
    toPixel: (index) => [along(view.across, index, width), along(view.down, index, height)],
  };
}

/** Neighbours of fractional indices: offsets in the array, share of the higher one, and the nearest index or -1. */
function samples(indices: Float64Array, length: number, stride: number) {
  const inside = (index: number) => Math.min(length - 1, Math.max(0, index));
  return {
    low: Int32Array.from(indices, (index) => inside(Math.floor(index)) * stride),
    high: Int32Array.from(indices, (index) => inside(Math.floor(index) + 1) * stride),
    share: Float64Array.from(indices, (index) => index - Math.floor(index)),
    nearest: Int32Array.from(indices, (index) => (index < -0.5 || index >= length - 0.5 ? -1 : Math.round(index))),
  };
}

/** Marks the voxels of a plane, `[down, across]` in the order of the array. */
function setInPlane(positions: Int32Array, shape: Shape3, view: PatientView, index: number): Uint8Array {
  const [width, height] = [shape[view.across.axis], shape[view.down.axis]];
  const set = new Uint8Array(width * height);
  const [, rows, columns] = shape;
  for (const position of positions) {
    const line = Math.floor(position / columns);
    const at = [Math.floor(line / rows), line % rows, position - line * columns];
    if (at[view.fixed] === index) set[at[view.down.axis]! * width + at[view.across.axis]!] = 1;
  }
  return set;
}
