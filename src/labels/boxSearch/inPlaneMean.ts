import type { Volume } from '../../ct/index.js';

/**
 * Returns a function from a voxel's flat position to the mean stored value of the 3×3 voxels around it in its slice
 * (fewer at the volume's edge). The mean has a third of a single voxel's noise. It does not mix slices, which may be
 * farther apart than a small nodule is thick.
 */
export function inPlaneMean({ voxels, shape: [, rows, columns] }: Volume): (position: number) => number {
  return (position) => {
    const column = position % columns;
    const row = Math.floor(position / columns) % rows;
    const [top, bottom] = [row > 0 ? -1 : 0, row < rows - 1 ? 1 : 0];
    const [left, right] = [column > 0 ? -1 : 0, column < columns - 1 ? 1 : 0];
    let sum = 0;
    for (let r = top; r <= bottom; r++) {
      for (let c = left; c <= right; c++) sum += voxels[position + r * columns + c]!;
    }
    return sum / ((bottom - top + 1) * (right - left + 1));
  };
}
