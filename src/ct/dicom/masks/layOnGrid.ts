import { NoduleTrainError } from '../../../runtime/index.js';
import { type IndexIRC, indexIRC, isInside, worldLPS, worldToIndex } from '../../grid/geometry.js';
import { scale } from '../../grid/matrix3.js';
import { type Geometry, type Vector3, type Volume, voxelCount } from '../../grid/volume.js';
import type { FramePlane } from '../framePlane.js';
import type { Segmentation } from './readSegmentation.js';

/** Grids that differ by more than this, in voxels, are not the same. */
const tolerance = 0.1;

/**
 * Puts the frames of a segmentation on the grid of its scan: `[slices, rows, columns]`, 0 and 1. Its axes may be
 * permuted or flipped against the scan's, and it may cover only a part of the scan, but every pixel must lie at the
 * centre of a voxel, within a tenth of a voxel.
 * @throws NoduleTrainError `mask-grid` with the figures, if a pixel does not, or a marked one lies outside the scan;
 * `spacing-unknown`
 */
export const layOnGrid = (
  path: string,
  { rows, columns, frames }: Segmentation,
  grid: Geometry & Pick<Volume, 'resampled'>,
): Uint8Array => {
  const voxels = new Uint8Array(voxelCount(grid.shape));
  const [, gridRows, gridColumns] = grid.shape;
  let [outside, marked] = [0, 0];
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  let mirrored = false;
  frames.forEach((frame, number) => {
    const { first, alongRow, alongColumn } = wholeSteps(path, number, frame, rows, columns, grid);
    for (let row = 0, k = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, k++) {
        if (frame.mask[k] === 0) continue;
        const at = first.map((start, axis) => start + column * alongRow[axis]! + row * alongColumn[axis]!);
        const [i, r, c] = at as [number, number, number];
        marked++;
        if (isInside(grid, indexIRC(i, r, c))) {
          voxels[(i * gridRows + r) * gridColumns + c] = 1;
          continue;
        }
        outside++;
        mirrored ||= startsAtCorner(first, alongRow, alongColumn);
        at.forEach((place, axis) => {
          low[axis] = Math.min(low[axis]!, place);
          high[axis] = Math.max(high[axis]!, place);
        });
      }
    }
  });
  if (outside > 0) {
    throw new NoduleTrainError(
      'mask-grid',
      `matching the mask ${path} to its scan: ${outside} of its ${marked} marked pixels lie outside the scan's ` +
        `[${grid.shape.join(', ')}] voxels, at [slice, row, column] ${low.join(', ')} to ${high.join(', ')}. ` +
        (mirrored
          ? 'It begins at the first pixel of the scan but extends the other way, so its ImageOrientationPatient is ' +
            "wrong, as in published SEGs of LIDC's prone patients. Give other outlines, such as LIDC's XML files."
          : 'Give the mask of this scan.'),
    );
  }
  return voxels;
};

/** Whether a frame begins where a slice of the scan does, but leaves it at once: its axes have the wrong sign. */
const startsAtCorner = ([, row, column]: readonly number[], alongRow: Vector3, alongColumn: Vector3): boolean =>
  row === 0 && column === 0 && (alongRow[2] === -1 || alongColumn[1] === -1);

/** The index of the first pixel, and its steps from column to column and from row to row, in whole voxels. */
const wholeSteps = (
  path: string,
  number: number,
  plane: FramePlane,
  rows: number,
  columns: number,
  grid: Geometry & Pick<Volume, 'resampled'>,
) => {
  const at = (row: number, column: number): IndexIRC => worldToIndex(grid, placeOf(plane, row, column));
  const corner = at(0, 0);
  const step = (to: IndexIRC): Vector3 =>
    to.map((place, axis) => Math.round(place - corner[axis]!)) as unknown as Vector3;
  const [first, alongRow, alongColumn] = [corner.map(Math.round), step(at(0, 1)), step(at(1, 0))];
  for (const [row, column] of [
    [0, 0],
    [rows - 1, 0],
    [0, columns - 1],
    [rows - 1, columns - 1],
  ] as const) {
    const off = at(row, column).map(
      (place, axis) => place - first[axis]! - column * alongRow[axis]! - row * alongColumn[axis]!,
    );
    const worst = Math.max(...off.map(Math.abs));
    // The same grid has steps of one voxel along two axes; a coarser or finer grid has others.
    const same =
      isOneVoxel(alongRow) &&
      isOneVoxel(alongColumn) &&
      alongRow.every((a, axis) => a === 0 || alongColumn[axis] === 0);
    if (worst <= tolerance && same) continue;
    const found = same
      ? `lies at index [${at(row, column).map((place) => place.toFixed(2))}], ${worst.toPrecision(3)} voxels off ` +
        `the scan's grid`
      : `is ${plane.pixelSpacing.join(' x ')} mm in size, but the scan's voxels are ${grid.spacing!.join(' x ')} mm`;
    throw new NoduleTrainError(
      'mask-grid',
      `matching the mask ${path} to its scan: pixel [row ${row}, column ${column}] of frame ${number + 1} ` +
        `${found}, expected the scan's own grid, within ${tolerance} voxels. ` +
        (grid.resampled
          ? 'The scan was resampled: convert it with --resample first, and give a mask made on the result.'
          : 'Resample the mask, or give the scan it was made on.'),
    );
  }
  return { first, alongRow, alongColumn };
};

const isOneVoxel = (step: Vector3): boolean => step.reduce((sum, by) => sum + Math.abs(by), 0) === 1;

const placeOf = ({ position, rowAxis, columnAxis, pixelSpacing }: FramePlane, row: number, column: number) => {
  const [dx, dy, dz] = scale(rowAxis, column * pixelSpacing[1]);
  const [ex, ey, ez] = scale(columnAxis, row * pixelSpacing[0]);
  return worldLPS(position[0] + dx + ex, position[1] + dy + ey, position[2] + dz + ez);
};
