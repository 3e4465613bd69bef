import { type Matrix3, type Shape3, type Vector3, voxelCount } from './volume.js';

/** A mapping of the voxels of a new grid to positions in an old one. */
export interface Sampling<Voxels> {
  readonly voxels: Voxels;
  /** Shape of the old grid. */
  readonly shape: Shape3;
  /** Shape of the new grid. */
  readonly newShape: Shape3;
  /** Fractional old index [column, row, slice] = start + step · new index [column, row, slice]. */
  readonly start: Vector3;
  readonly step: Matrix3;
  /**
   * Positions of the old slices, ascending, in the unit in which `start` and `step` count slices. Without it slice k
   * lies at k.
   */
  readonly slicePositions?: readonly number[] | undefined;
  /** Value of new voxels outside the old grid. */
  readonly outside: number;
  /**
   * Voxels by which the old grid extends beyond its outermost voxel centres, with the outermost values; default 0.5.
   */
  readonly reach?: number;
}

/** The fractional slice number of a position among `positions`. */
const sliceAt = (positions: readonly number[], place: number): number => {
  const last = positions.length - 1;
  if (last === 0) return place - positions[0]!;
  let low = 0;
  let high = last - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (positions[middle]! <= place) low = middle;
    else high = middle - 1;
  }
  return low + (place - positions[low]!) / (positions[low + 1]! - positions[low]!);
};

/** Calls `take` for every voxel of the new grid with its position in the old one; x is NaN where that lies outside. */
const eachPlace = (
  { shape, newShape, start, step, slicePositions, reach = 0.5 }: Sampling<unknown>,
  take: (at: number, x: number, y: number, z: number) => void,
): void => {
  const [slices, rows, columns] = shape;
  const [newSlices, newRows, newColumns] = newShape;
  // Tolerance for the rounded digits of headers.
  const edge = reach + 1e-6;
  const inside = (place: number, length: number) => place >= -edge && place <= length - 1 + edge;
  let at = 0;
  for (let k = 0; k < newSlices; k++) {
    for (let j = 0; j < newRows; j++) {
      for (let i = 0; i < newColumns; i++, at++) {
        const x = start[0] + step[0][0] * i + step[0][1] * j + step[0][2] * k;
        const y = start[1] + step[1][0] * i + step[1][1] * j + step[1][2] * k;
        const place = start[2] + step[2][0] * i + step[2][1] * j + step[2][2] * k;
        const z = slicePositions === undefined ? place : sliceAt(slicePositions, place);
        if (inside(x, columns) && inside(y, rows) && inside(z, slices)) take(at, x, y, z);
        else take(at, Number.NaN, 0, 0);
      }
    }
  }
};

const clamp = (place: number, length: number): number => Math.min(Math.max(place, 0), length - 1);

/** Positions of the new voxels of one axis among the old ones. */
interface AxisPlaces {
  /** Index of the old voxel at or before each; -1 outside the old grid. */
  readonly before: Int32Array;
  /** 1 if the old grid has a voxel after `before`, else 0. */
  readonly next: Uint8Array;
  /** Fraction of the way to that next voxel. */
  readonly way: Float64Array;
}

/**
 * Positions along each axis [columns, rows, slices] where the axes of both grids are parallel, which saves computing
 * them for every voxel; else null.
 */
const placesByAxis = (sampling: Sampling<unknown>): [AxisPlaces, AxisPlaces, AxisPlaces] | null => {
  const { shape, newShape, start, step, slicePositions, reach = 0.5 } = sampling;
  if (step.some((row, axis) => row.some((entry, n) => n !== axis && Math.abs(entry) > 1e-12))) return null;
  const placesOf = (axis: 0 | 1 | 2): AxisPlaces => {
    const [count, length] = [newShape[2 - axis]!, shape[2 - axis]!];
    const [before, next, way] = [new Int32Array(count), new Uint8Array(count), new Float64Array(count)];
    for (let n = 0; n < count; n++) {
      const mark = start[axis] + step[axis][axis]! * n;
      const place = axis === 2 && slicePositions !== undefined ? sliceAt(slicePositions, mark) : mark;
      const edge = reach + 1e-6;
      const held = clamp(place, length);
      before[n] = place >= -edge && place <= length - 1 + edge ? Math.floor(held) : -1;
      next[n] = Math.floor(held) + 1 < length ? 1 : 0;
      way[n] = held - Math.floor(held);
    }
    return { before, next, way };
  };
  return [placesOf(0), placesOf(1), placesOf(2)];
};

/** Samples by trilinear interpolation, rounded to integers; `[slices, rows, columns]` of the new grid. */
export const sampleLinear = (sampling: Sampling<Int16Array>): Int16Array => {
  const { voxels, shape, newShape, outside } = sampling;
  const [slices, rows, columns] = shape;
  const result = new Int16Array(voxelCount(newShape)).fill(outside);
  const plane = rows * columns;
  /** Interpolates the eight voxels from `o` on; the step along an axis is 0 where the grid ends. */
  const between = (o: number, right: number, down: number, next: number, u: number, v: number, w: number): number => {
    const a = voxels[o]! + u * (voxels[o + right]! - voxels[o]!);
    const b = voxels[o + down]! + u * (voxels[o + down + right]! - voxels[o + down]!);
    const p = o + next;
    const c = voxels[p]! + u * (voxels[p + right]! - voxels[p]!);
    const d = voxels[p + down]! + u * (voxels[p + down + right]! - voxels[p + down]!);
    const front = a + v * (b - a);
    return Math.round(front + w * (c + v * (d - c) - front));
  };
  const axes = placesByAxis(sampling);
  if (axes === null) {
    eachPlace(sampling, (at, placeX, placeY, placeZ) => {
      if (Number.isNaN(placeX)) return;
      const [x, y, z] = [clamp(placeX, columns), clamp(placeY, rows), clamp(placeZ, slices)];
      const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)];
      const steps = [i + 1 < columns ? 1 : 0, j + 1 < rows ? columns : 0, k + 1 < slices ? plane : 0] as const;
      result[at] = between(k * plane + j * columns + i, ...steps, x - i, y - j, z - k);
    });
    return result;
  }
  const [x, y, z] = axes;
  const [newSlices, newRows, newColumns] = newShape;
  for (let k = 0, at = 0; k < newSlices; k++) {
    for (let j = 0; j < newRows; j++, at += newColumns) {
      if (z.before[k]! < 0 || y.before[j]! < 0) continue;
      const row = z.before[k]! * plane + y.before[j]! * columns;
      const [down, next] = [y.next[j]! * columns, z.next[k]! * plane];
      const [v, w] = [y.way[j]!, z.way[k]!];
      for (let i = 0; i < newColumns; i++) {
        if (x.before[i]! >= 0) result[at + i] = between(row + x.before[i]!, x.next[i]!, down, next, x.way[i]!, v, w);
      }
    }
  }
  return result;
};

/** Samples the nearest voxel, halves towards the higher index, since labels must not be mixed. */
export const sampleNearest = (sampling: Sampling<Uint8Array>): Uint8Array => {
  const { voxels, shape, newShape, outside } = sampling;
  const [slices, rows, columns] = shape;
  const result = new Uint8Array(voxelCount(newShape)).fill(outside);
  const axes = placesByAxis(sampling);
  if (axes === null) {
    const nearest = (place: number, length: number) => clamp(Math.floor(place + 0.5), length);
    eachPlace(sampling, (at, x, y, z) => {
      if (Number.isNaN(x)) return;
      result[at] = voxels[(nearest(z, slices) * rows + nearest(y, rows)) * columns + nearest(x, columns)]!;
    });
    return result;
  }
  const nearest = axes.map(({ before, next, way }) =>
    before.map((index, n) => (index >= 0 && next[n] === 1 && way[n]! >= 0.5 ? index + 1 : index)),
  ) as [Int32Array, Int32Array, Int32Array];
  const [x, y, z] = nearest;
  const [newSlices, newRows, newColumns] = newShape;
  for (let k = 0, at = 0; k < newSlices; k++) {
    for (let j = 0; j < newRows; j++, at += newColumns) {
      if (z[k]! < 0 || y[j]! < 0) continue;
      const row = (z[k]! * rows + y[j]!) * columns;
      for (let i = 0; i < newColumns; i++) if (x[i]! >= 0) result[at + i] = voxels[row + x[i]!]!;
    }
  }
  return result;
};
