import type { Index3, Shape3 } from '../../ct/index.js';

/** Position of a nodule in one slice. */
export interface NoduleSlice {
  slice: number;
  /** Mean position of its voxels in this slice, rounded. */
  row: number;
  column: number;
  /** Number of its voxels in this slice. */
  voxels: number;
}

/** Lowest and highest voxel of a nodule, both inclusive, as [slice, row, column]. */
export interface Box {
  low: Index3;
  high: Index3;
}

/** Finds the slices of a box in which `mask` is set, with their mean positions. The box may extend beyond the scan. */
export function noduleSlices(mask: Uint8Array, shape: Shape3, box: Box): NoduleSlice[] {
  const [, rows, columns] = shape;
  const low = box.low.map((place) => Math.max(0, place)) as unknown as Index3;
  const high = box.high.map((place, axis) => Math.min(shape[axis]! - 1, place)) as unknown as Index3;
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
