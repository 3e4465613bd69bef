import { indexIRC, indexToWorld, worldLPS, worldToIndex } from '../../grid/geometry.js';
import { type Geometry, type Vector3, voxelCount } from '../../grid/volume.js';
import type { SourceAttributes, SourceSlice } from '../source/readSourceAttributes.js';

/** Voxels that belong together. */
export interface LabelledVoxels {
  /** From 1. */
  readonly number: number;
  /** Positions in the array of a grid, ascending. */
  readonly positions: Int32Array;
}

/** For each label its marked pixels by slice: slice number in the series, then positions in `[rows, columns]`. */
export type PlacedLabels = ReadonlyMap<number, ReadonlyMap<number, Int32Array>>;

/** Grids whose corners differ by less than this, in voxels, are the same. */
const sameVoxel = 0.01;

/**
 * Puts labelled voxels on the slices of a series as they are stored. Where the voxels' grid is that of the slices, each
 * voxel is one pixel; where the scan was resampled (tilted gantry, uneven slices), each pixel gets the label of the
 * nearest voxel.
 */
export function layOnSlices(
  labels: readonly LabelledVoxels[],
  grid: Geometry,
  { slices, grid: stored }: Pick<SourceAttributes, 'slices' | 'grid'>,
): PlacedLabels {
  const [, rows, columns] = stored.shape;
  const placed = new Map(labels.map(({ number }) => [number, new Map<number, number[]>()]));
  const mark = (number: number, slice: number, pixel: number) => {
    const pixels = placed.get(number)!;
    const inSlice = pixels.get(slice);
    if (inSlice === undefined) pixels.set(slice, [pixel]);
    else inSlice.push(pixel);
  };
  if (isSameGrid(grid, stored)) {
    const size = rows * columns;
    for (const { number, positions } of labels)
      for (const at of positions) mark(number, Math.floor(at / size), at % size);
  } else {
    const image = new Uint16Array(voxelCount(grid.shape));
    for (const { number, positions } of labels) for (const at of positions) image[at] = number;
    for (const [slice, plane] of slices.entries())
      sampleSlice(image, grid, plane, rows, columns, (number, pixel) => mark(number, slice, pixel));
  }
  return new Map(
    [...placed].map(([number, pixels]) => [
      number,
      new Map([...pixels].sort(([a], [b]) => a - b).map(([slice, at]) => [slice, Int32Array.from(at)])),
    ]),
  );
}

function isSameGrid(grid: Geometry, stored: SourceAttributes['grid']): boolean {
  if (stored.slicePositions !== undefined || grid.shape.some((extent, axis) => extent !== stored.shape[axis]))
    return false;
  if (grid.spacing === null || stored.spacing === null) return false;
  for (let corner = 0; corner < 8; corner++) {
    const [i, r, c] = grid.shape.map((extent, axis) => ((corner >> axis) & 1) * (extent - 1)) as unknown as Vector3;
    const there = worldToIndex(grid, indexToWorld(stored, indexIRC(i, r, c)));
    if (Math.max(Math.abs(there[0] - i), Math.abs(there[1] - r), Math.abs(there[2] - c)) > sameVoxel) return false;
  }
  return true;
}

/** Calls `take` with every pixel of a slice whose nearest voxel has a label. */
function sampleSlice(
  image: Uint16Array,
  grid: Geometry,
  { position, rowAxis, columnAxis, pixelSpacing }: SourceSlice,
  rows: number,
  columns: number,
  take: (number: number, pixel: number) => void,
): void {
  const world = (row: number, column: number) => {
    const [down, across] = [row * pixelSpacing[0], column * pixelSpacing[1]];
    const [x, y, z] = position.map(
      (start, n) => start + across * rowAxis[n]! + down * columnAxis[n]!,
    ) as unknown as Vector3;
    return worldToIndex(grid, worldLPS(x, y, z));
  };
  const first = world(0, 0);
  const [right, below] = [world(0, 1), world(1, 0)].map(
    (place) => place.map((at, n) => at - first[n]!) as unknown as Vector3,
  );
  const [slices, gridRows, gridColumns] = grid.shape;
  for (let row = 0, pixel = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, pixel++) {
      const i = Math.round(first[0] + row * below![0] + column * right![0]);
      const r = Math.round(first[1] + row * below![1] + column * right![1]);
      const c = Math.round(first[2] + row * below![2] + column * right![2]);
      if (i < 0 || r < 0 || c < 0 || i >= slices || r >= gridRows || c >= gridColumns) continue;
      const number = image[(i * gridRows + r) * gridColumns + c]!;
      if (number > 0) take(number, pixel);
    }
  }
}
