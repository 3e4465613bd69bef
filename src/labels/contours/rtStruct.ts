import { type Volume, voxelCount, type WorldLPS, worldToIndex } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { fillPolygon, type PixelPoint } from './fillPolygon.js';

/** Tolerance in slices: for two contours to count as one plane, and for the points of one contour. */
const SAME_PLANE = 0.1;

interface Planar {
  /** Fractional slice index. */
  readonly height: number;
  readonly corners: readonly PixelPoint[];
}

/**
 * Fills the contours of an RTSTRUCT on the grid of a scan: voxels of 0 and 1, `[slices, rows, columns]`. A voxel is 1
 * if its centre is inside by the even-odd rule over all contours of one plane. A plane between two slices goes to the
 * nearer one. If several planes go to one slice, only the nearest counts; `notes` reports this, and slices between
 * contours that have none.
 * @throws NoduleTrainError `mask-grid` for a contour that is not parallel to the slices or is outside the scan
 */
export function rtStruct(
  path: string,
  contours: readonly (readonly WorldLPS[])[],
  volume: Volume,
): { readonly voxels: Uint8Array; readonly notes: readonly string[] } {
  const [slices, rows, columns] = volume.shape;
  const bySlice = new Map<number, Planar[]>();
  contours.forEach((contour, k) => {
    const planar = planarOf(path, k, contour, volume);
    const slice = Math.round(planar.height);
    if (slice < 0 || slice >= slices) {
      const found = `is at slice ${planar.height.toFixed(2)}`;
      throw refusal(path, k, found, `slices 0 to ${slices - 1}. Give the contours of this scan.`);
    }
    bySlice.set(slice, [...(bySlice.get(slice) ?? []), planar]);
  });
  const voxels = new Uint8Array(voxelCount(volume.shape));
  let skipped = 0;
  for (const [slice, planars] of bySlice) {
    const off = (planar: Planar): number => Math.abs(planar.height - slice);
    const nearest = planars.reduce((best, planar) => (off(planar) < off(best) ? planar : best)).height;
    const taken = planars.filter(({ height }) => Math.abs(height - nearest) <= SAME_PLANE);
    skipped += planars.length - taken.length;
    const plane = voxels.subarray(slice * rows * columns, (slice + 1) * rows * columns);
    // What two contours enclose is a hole.
    for (const { corners } of taken)
      fillPolygon(corners, rows, (row, from, to) => {
        for (let column = Math.max(0, from); column <= Math.min(columns - 1, to); column++)
          plane[row * columns + column]! ^= 1;
      });
  }
  return { voxels, notes: notesOf([...bySlice.keys()], skipped) };
}

const planarOf = (path: string, k: number, contour: readonly WorldLPS[], volume: Volume): Planar => {
  const points = contour.map((point) => worldToIndex(volume, point));
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [index] of points) {
    low = Math.min(low, index);
    high = Math.max(high, index);
  }
  if (high - low > SAME_PLANE) {
    const found = `runs from slice ${low.toFixed(2)} to ${high.toFixed(2)}`;
    throw refusal(path, k, found, 'contours parallel to the slices of the scan');
  }
  return { height: (low + high) / 2, corners: points.map(([, row, column]) => [column, row]) };
};

const notesOf = (slices: readonly number[], skipped: number): string[] => {
  const [low, high] = [Math.min(...slices), Math.max(...slices)];
  const without = high - low + 1 - slices.length;
  return [
    ...(skipped === 0 ? [] : [`skipped ${skipped} contours because others are nearer to their slice`]),
    ...(without === 0 ? [] : [`${without} slices between its contours have no contour and stay empty`]),
  ];
};

const refusal = (path: string, k: number, found: string, expected: string): NoduleTrainError =>
  new NoduleTrainError(
    'mask-grid',
    `placing the mask ${path} on its scan: contour ${k + 1} ${found}, expected ${expected}`,
  );
