import { type Geometry, type IndexIRC, indexIRC, knownSpacing, type WorldLPS } from '../ct/index.js';
import { apply, inverse, transpose } from '../ct/matrix3.js';

/**
 * The voxel that the book takes for a place: the offset from the origin stands on the left of the direction's inverse, so
 * it meets its transpose (right for identity and flips only), and halves are rounded to even as numpy does.
 */
export const bookIndex = (grid: Geometry, [x, y, z]: WorldLPS): IndexIRC => {
  const [sx, sy, sz] = knownSpacing(grid, 'turning a place in the patient into an index');
  const offset = [x - grid.origin[0], y - grid.origin[1], z - grid.origin[2]] as const;
  const [dx, dy, dz] = apply(transpose(inverse(grid.direction)), offset);
  return indexIRC(roundHalfEven(dz / sz), roundHalfEven(dy / sy), roundHalfEven(dx / sx));
};

const roundHalfEven = (value: number): number => {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
};
