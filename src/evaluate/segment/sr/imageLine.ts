import {
  cross,
  dot,
  indexIRC,
  indexToWorld,
  type SourceAttributes,
  type SourceSlice,
  subtract,
  type Vector3,
  type Volume,
} from '../../../ct/index.js';
import type { Nodule, SliceLine } from '../../../model/index.js';

/** The axes of a nodule in one image of the source series, by `[column, row]` as SCOORD has them. */
export interface ImageAxes {
  readonly slice: SourceSlice & { readonly instance: string };
  readonly long: readonly (readonly [number, number])[];
  readonly short: readonly (readonly [number, number])[];
}

/** Lines may be shorter by this share after projection: the slices are parallel up to the rounding of their axes. */
const shorterBy = 0.01;

/**
 * Pixels that the end of a line may lie outside of the image. A slanted line of a nodule at the border does, as half a
 * pixel is added at each end; it is moved to the border.
 */
const outsideBy = 1;

/**
 * Finds the source slice on which the axes of a nodule lie, and their pixels there: the slice itself where the scan has
 * the grid of the series, the nearest one where it was straightened (a tilted gantry, uneven slices) or comes from
 * another file. Null where no slice within half a slice distance is parallel to the axes, or it cannot be referenced.
 */
export function findImageAxes(scan: Volume, source: SourceAttributes, { axes }: Nodule): ImageAxes | null {
  if (scan.spacing === null) return null;
  const lines = [axes.long, axes.short].map((line) => worldLine(scan, axes.slice, line));
  const points = lines.flat();
  const slice = nearestSlice(source.slices, points);
  if (slice === null || slice.instance === null) return null;
  const distance = source.grid.spacing?.[2] ?? 0;
  if (farthest(slice, points) > distance / 2 + 1e-3) return null;
  const pixels = lines.map((line) => line.map((point) => pixelIn(slice, point)));
  const [rows, columns] = [source.grid.shape[1], source.grid.shape[2]];
  const moved = pixels.map((line) =>
    line.map(([x, y]): [number, number] => [Math.min(Math.max(x, 0), columns), Math.min(Math.max(y, 0), rows)]),
  );
  const inside = pixels.every((line, n) =>
    line.every(([x, y], end) => Math.hypot(x - moved[n]![end]![0], y - moved[n]![end]![1]) < outsideBy),
  );
  const kept = lines.every(([from, to]) => inPlane(slice, from!, to!) >= (1 - shorterBy) * span(from!, to!));
  if (!inside || !kept) return null;
  return { slice: { ...slice, instance: slice.instance }, long: moved[0]!, short: moved[1]! };
}

const worldLine = (scan: Volume, slice: number, line: SliceLine): Vector3[] =>
  line.map(([row, column]) => indexToWorld(scan, indexIRC(slice, row, column)));

const heightAbove = ({ position, rowAxis, columnAxis }: SourceSlice, point: Vector3): number =>
  Math.abs(dot(subtract(point, position), cross(rowAxis, columnAxis)));

const farthest = (slice: SourceSlice, points: readonly Vector3[]): number =>
  Math.max(...points.map((point) => heightAbove(slice, point)));

const nearestSlice = (slices: readonly SourceSlice[], points: readonly Vector3[]): SourceSlice | null => {
  let [best, least]: [SourceSlice | null, number] = [null, Number.POSITIVE_INFINITY];
  for (const slice of slices) {
    const height = farthest(slice, points);
    if (height < least) [best, least] = [slice, height];
  }
  return best;
};

const pixelIn = ({ position, rowAxis, columnAxis, pixelSpacing }: SourceSlice, point: Vector3): [number, number] => {
  const from = subtract(point, position);
  return [dot(from, rowAxis) / pixelSpacing[1] + 0.5, dot(from, columnAxis) / pixelSpacing[0] + 0.5];
};

const span = (from: Vector3, to: Vector3): number => Math.hypot(...subtract(to, from));

const inPlane = ({ rowAxis, columnAxis }: SourceSlice, from: Vector3, to: Vector3): number => {
  const line = subtract(to, from);
  return Math.hypot(dot(line, rowAxis), dot(line, columnAxis));
};
