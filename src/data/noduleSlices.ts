import { indexIRC, type Shape3 } from '../ct/index.js';
import { componentAt } from '../labels/index.js';

/** Where a nodule shows in one slice. */
export interface NoduleSlice {
  slice: number;
  /** Middle of its voxels in this slice, rounded. */
  row: number;
  column: number;
  voxels: number;
}

export type Triple = readonly [number, number, number];

/** First and last voxel of a nodule, both inside, as [slice, row, column]. */
export interface Box {
  low: Triple;
  high: Triple;
}

/** The slices of a box in which `mask` is set, with their middles. The box may reach beyond the scan. */
export function noduleSlices(mask: Uint8Array, shape: Shape3, box: Box): NoduleSlice[] {
  const [, rows, columns] = shape;
  const low = box.low.map((place) => Math.max(0, place)) as unknown as Triple;
  const high = box.high.map((place, axis) => Math.min(shape[axis]! - 1, place)) as unknown as Triple;
  const found: NoduleSlice[] = [];
  for (let slice = low[0]; slice <= high[0]; slice++) {
    let voxels = 0;
    let rowSum = 0;
    let columnSum = 0;
    for (let row = low[1]; row <= high[1]; row++) {
      const line = (slice * rows + row) * columns;
      for (let column = low[2]; column <= high[2]; column++) {
        if (mask[line + column] === 0) continue;
        voxels++;
        rowSum += row;
        columnSum += column;
      }
    }
    if (voxels > 0)
      found.push({ slice, row: Math.round(rowSum / voxels), column: Math.round(columnSum / voxels), voxels });
  }
  return found;
}

/**
 * The box of the 26-connected component of `mask` at a voxel, or at the labelled voxel nearest to it within `reach`
 * voxels along each axis; null where there is none.
 */
export function componentBox(mask: Uint8Array, shape: Shape3, at: Triple, reach: number): Box | null {
  const [, rows, columns] = shape;
  const start = nearestLabelled(mask, shape, at, reach);
  if (start === null) return null;
  const low: [number, number, number] = [...start];
  const high: [number, number, number] = [...start];
  for (const position of componentAt((place) => mask[place] !== 0, shape, indexIRC(...start))) {
    const voxel = [Math.floor(position / (rows * columns)), Math.floor(position / columns) % rows, position % columns];
    for (let axis = 0; axis < 3; axis++) {
      low[axis] = Math.min(low[axis]!, voxel[axis]!);
      high[axis] = Math.max(high[axis]!, voxel[axis]!);
    }
  }
  return { low, high };
}

function nearestLabelled(mask: Uint8Array, [slices, rows, columns]: Shape3, at: Triple, reach: number): Triple | null {
  let best: Triple | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  const [s, r, c] = at.map(Math.round) as [number, number, number];
  for (let i = Math.max(0, s - reach); i <= Math.min(slices - 1, s + reach); i++)
    for (let j = Math.max(0, r - reach); j <= Math.min(rows - 1, r + reach); j++)
      for (let k = Math.max(0, c - reach); k <= Math.min(columns - 1, c + reach); k++) {
        if (mask[(i * rows + j) * columns + k] === 0) continue;
        const distance = (i - s) ** 2 + (j - r) ** 2 + (k - c) ** 2;
        if (distance < nearest) {
          nearest = distance;
          best = [i, j, k];
        }
      }
  return best;
}
