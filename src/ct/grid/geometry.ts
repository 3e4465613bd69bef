import { NoduleTrainError } from '../../runtime/index.js';
import { apply, inverse } from './matrix3.js';
import type { Geometry, Vector3 } from './volume.js';

declare const irc: unique symbol;
declare const lps: unique symbol;

/** A position on the voxel grid as [slice, row, column], fractional; [0, 0, 0] is the centre of the first voxel. */
export type IndexIRC = Vector3 & { readonly [irc]: true };

/** A position in the patient as [x, y, z] in LPS millimetres. */
export type WorldLPS = Vector3 & { readonly [lps]: true };

export const indexIRC = (index: number, row: number, column: number): IndexIRC =>
  [index, row, column] as unknown as IndexIRC;

export const worldLPS = (x: number, y: number, z: number): WorldLPS => [x, y, z] as unknown as WorldLPS;

type Grid = Pick<Geometry, 'spacing' | 'origin' | 'direction'>;

/**
 * The spacing [x, y, z] in mm of a grid that must have one.
 * @throws NoduleTrainError `spacing-unknown` with what needed it (`purpose`)
 */
export const knownSpacing = (grid: Pick<Geometry, 'spacing'>, purpose: string): Vector3 => {
  if (grid.spacing === null) {
    throw new NoduleTrainError(
      'spacing-unknown',
      `${purpose}: the file does not record its voxel spacing, so nothing can be measured in millimetres. ` +
        'Give a file that records its spacing, or choose a label rule that works in voxels.',
    );
  }
  return grid.spacing;
};

/**
 * Converts an index to world coordinates: world = origin + direction · (spacing ∘ index), as ITK does.
 * @throws NoduleTrainError `spacing-unknown`
 */
export const indexToWorld = (grid: Grid, [index, row, column]: IndexIRC): WorldLPS => {
  const [sx, sy, sz] = knownSpacing(grid, 'converting an index to world coordinates');
  const [x, y, z] = apply(grid.direction, [column * sx, row * sy, index * sz]);
  return worldLPS(x + grid.origin[0], y + grid.origin[1], z + grid.origin[2]);
};

/**
 * Converts world coordinates to a fractional index, which may lie outside the grid.
 * @throws NoduleTrainError `spacing-unknown`
 */
export const worldToIndex = (grid: Grid, [x, y, z]: WorldLPS): IndexIRC => {
  const [sx, sy, sz] = knownSpacing(grid, 'converting world coordinates to an index');
  const { origin } = grid;
  // The inverse, not the transpose: a header's rounded digits leave the axes slightly off orthonormal.
  const [dx, dy, dz] = apply(inverse(grid.direction), [x - origin[0], y - origin[1], z - origin[2]]);
  return indexIRC(dz / sz, dy / sy, dx / sx);
};

/**
 * The index of the voxel nearest to a point, halves rounded up as ITK does; it may lie outside the grid.
 * @throws NoduleTrainError `spacing-unknown`
 */
export const nearestIndex = (grid: Grid, world: WorldLPS): IndexIRC => {
  const [index, row, column] = worldToIndex(grid, world);
  return indexIRC(Math.round(index), Math.round(row), Math.round(column));
};

/** Whether a whole-numbered index [slice, row, column] lies inside the grid. */
export const isInside = (
  { shape }: Pick<Geometry, 'shape'>,
  index: readonly [slice: number, row: number, column: number],
): boolean => index.every((place, axis) => place >= 0 && place < (shape[axis] as number));
