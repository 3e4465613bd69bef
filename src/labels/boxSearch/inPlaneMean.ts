import type { Volume } from '../../ct/index.js';

/**
 * Mean of the stored values of the 3×3 voxels around one in its slice (fewer at the volume's edge). Noise is a third of a
 * single voxel's, and slices, which lie farther apart than a small nodule is thick, are not mixed.
 */
export const inPlaneMean = ({ voxels, shape: [, rows, columns] }: Volume): ((position: number) => number) => {
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
};
