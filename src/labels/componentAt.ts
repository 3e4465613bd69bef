import type { IndexIRC, Shape3 } from '../ct/index.js';

/**
 * Finds the 26-connected component of the marked voxels that contains `seed`, as flat positions in no particular order.
 * Returns an empty list if the seed is not marked or is outside the volume. With readers' votes, marking `votes >= 2`
 * and starting at an annotation gives the ground truth of that nodule.
 */
export function componentAt(marked: (position: number) => boolean, shape: Shape3, seed: IndexIRC): number[] {
  const [slices, rows, columns] = shape;
  if (seed.some((place, axis) => place < 0 || place >= shape[axis]!)) return [];
  const start = (seed[0] * rows + seed[1]) * columns + seed[2];
  if (!marked(start)) return [];
  const seen = new Set([start]);
  const queue = [start];
  for (let position = queue.pop(); position !== undefined; position = queue.pop()) {
    const column = position % columns;
    const row = Math.floor(position / columns) % rows;
    const index = Math.floor(position / (columns * rows));
    for (let i = Math.max(0, index - 1); i <= Math.min(slices - 1, index + 1); i++) {
      for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
        for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
          const next = (i * rows + r) * columns + c;
          if (seen.has(next) || !marked(next)) continue;
          seen.add(next);
          queue.push(next);
        }
      }
    }
  }
  return [...seen];
}
