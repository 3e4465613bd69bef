import {
  apply,
  type Geometry,
  type IndexIRC,
  indexIRC,
  inverse,
  knownSpacing,
  transpose,
  type WorldLPS,
} from '../../ct/index.js';

/**
 * Computes the book's fractional index of a position. The book puts the offset from the origin to the left of the
 * inverse direction matrix, as a row vector, which applies the transpose; that is correct only for identity and flips.
 */
export function transposedIndex(grid: Geometry, [x, y, z]: WorldLPS): IndexIRC {
  const [sx, sy, sz] = knownSpacing(grid, 'converting world coordinates to an index');
  const offset = [x - grid.origin[0], y - grid.origin[1], z - grid.origin[2]] as const;
  const [dx, dy, dz] = apply(transpose(inverse(grid.direction)), offset);
  return indexIRC(dz / sz, dy / sy, dx / sx);
}

/** Rounds halves to even, like numpy, which the book uses. */
export const roundHalvesToEven = ([index, row, column]: IndexIRC): IndexIRC =>
  indexIRC(halfToEven(index), halfToEven(row), halfToEven(column));

const halfToEven = (value: number): number => {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
};
