import type { Matrix3, Shape3, Vector3 } from './volume.js';

/** How the voxels of a new grid are found in an old one. */
export interface Sampling<Voxels> {
  readonly voxels: Voxels;
  /** Of the old grid. */
  readonly shape: Shape3;
  /** Of the new grid. */
  readonly newShape: Shape3;
  /** Fractional old index [column, row, slice] = start + step · new index [column, row, slice]. */
  readonly start: Vector3;
  readonly step: Matrix3;
  /**
   * Where the old slices lie, rising, in the unit in which `start` and `step` count slices; where it is absent slice k lies at k.
   */
  readonly slicePositions?: readonly number[] | undefined;
  /** Value where the new grid leaves the old one. */
  readonly outside: number;
  /** How far beyond the outermost centres the old grid goes, in voxels; there the outermost value stands. By default half a voxel. */
  readonly reach?: number;
}

/** The old slice at or before a place, and how far it is towards the next. */
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

/** Calls `take` for every voxel of the new grid with its place in the old one, or with NaN where it lies outside. */
const eachPlace = (
  { shape, newShape, start, step, slicePositions, reach = 0.5 }: Sampling<unknown>,
  take: (at: number, x: number, y: number, z: number) => void,
): void => {
  const [slices, rows, columns] = shape;
  const [newSlices, newRows, newColumns] = newShape;
  // A grid of rounded header digits ends a hair beyond it.
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

const lengthOf = ([slices, rows, columns]: Shape3): number => slices * rows * columns;

/** Trilinear, rounded to whole numbers. */
export const sampleLinear = (sampling: Sampling<Int16Array>): Int16Array => {
  const { voxels, shape, newShape, outside } = sampling;
  const [slices, rows, columns] = shape;
  const result = new Int16Array(lengthOf(newShape));
  eachPlace(sampling, (at, placeX, placeY, placeZ) => {
    if (Number.isNaN(placeX)) {
      result[at] = outside;
      return;
    }
    const [x, y, z] = [clamp(placeX, columns), clamp(placeY, rows), clamp(placeZ, slices)];
    const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)];
    const [u, v, w] = [x - i, y - j, z - k];
    const right = i + 1 < columns ? 1 : 0;
    const down = j + 1 < rows ? columns : 0;
    const next = k + 1 < slices ? rows * columns : 0;
    const o = (k * rows + j) * columns + i;
    const row = (from: number) => voxels[from]! + u * (voxels[from + right]! - voxels[from]!);
    const plane = (from: number) => row(from) + v * (row(from + down) - row(from));
    result[at] = Math.round(plane(o) + w * (plane(o + next) - plane(o)));
  });
  return result;
};

/** Nearest voxel, halves towards the higher index, as labels must not be mixed. */
export const sampleNearest = (sampling: Sampling<Uint8Array>): Uint8Array => {
  const { voxels, shape, newShape, outside } = sampling;
  const [slices, rows, columns] = shape;
  const result = new Uint8Array(lengthOf(newShape));
  const nearest = (place: number, length: number) => clamp(Math.floor(place + 0.5), length);
  eachPlace(sampling, (at, x, y, z) => {
    const o = (nearest(z, slices) * rows + nearest(y, rows)) * columns + nearest(x, columns);
    result[at] = Number.isNaN(x) ? outside : voxels[o]!;
  });
  return result;
};
