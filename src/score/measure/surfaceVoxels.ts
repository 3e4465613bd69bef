import type { Shape3 } from '../../ct/index.js';

/**
 * Splits a set of voxels into its surface, the voxels with a neighbour across one of their six faces that is not in the
 * set, and its core. Outside the array nothing is in the set.
 * @param positions positions of the voxels in an array of this shape, ascending
 */
export function surfaceVoxels(positions: Int32Array, shape: Shape3): { surface: Int32Array; core: Int32Array } {
  if (positions.length === 0) return { surface: positions, core: positions };
  const [, rows, columns] = shape;
  const box = boxOf(positions, shape);
  // One empty voxel on every side, so that every neighbour has a place.
  const wide = box.high[2] - box.low[2] + 3;
  const plane = (box.high[1] - box.low[1] + 3) * wide;
  const inside = new Uint8Array((box.high[0] - box.low[0] + 3) * plane);
  const place = (position: number) => {
    const line = Math.floor(position / columns);
    const i = Math.floor(line / rows);
    const r = line - i * rows;
    return (i - box.low[0] + 1) * plane + (r - box.low[1] + 1) * wide + position - line * columns - box.low[2] + 1;
  };
  for (const position of positions) inside[place(position)] = 1;
  const isCore = (position: number) => {
    const at = place(position);
    const across = inside[at - 1]! + inside[at + 1]! + inside[at - wide]! + inside[at + wide]!;
    return across + inside[at - plane]! + inside[at + plane]! === 6;
  };
  return {
    surface: positions.filter((position) => !isCore(position)),
    core: positions.filter(isCore),
  };
}

type Corner = [slice: number, row: number, column: number];

/** First and last index, both inside, of a set of at least one voxel; positions ascending. */
export function boxOf(positions: Int32Array, [, rows, columns]: Shape3): { low: Corner; high: Corner } {
  let [top, bottom, left, right] = [rows, 0, columns, 0];
  for (const position of positions) {
    const line = Math.floor(position / columns);
    const r = line % rows;
    const c = position - line * columns;
    if (r < top) top = r;
    if (r > bottom) bottom = r;
    if (c < left) left = c;
    if (c > right) right = c;
  }
  const slice = (position: number) => Math.floor(position / (rows * columns));
  return { low: [slice(positions[0]!), top, left], high: [slice(positions.at(-1)!), bottom, right] };
}
