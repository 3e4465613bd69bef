import { knownSpacing, type Volume, voxelCount, type WorldLPS, worldToIndex } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { checkExtent } from './checkExtent.js';
import { commonOffset } from './commonOffset.js';
import { compareContours, distinctContours } from './distinctContours.js';
import { fillPolygon, type PixelPoint } from './fillPolygon.js';

/** Tolerance in slices: for two contours to count as one plane, and for the points of one contour. */
const SAME_PLANE = 0.1;

/** A contour in the plane of the slices. */
export interface PlanarContour {
  /** Number in the file, from 1. */
  readonly number: number;
  /** Fractional slice index. */
  readonly height: number;
  readonly corners: readonly PixelPoint[];
}

/**
 * Fills the contours of an RTSTRUCT on the grid of a scan: voxels of 0 and 1, `[slices, rows, columns]`. A voxel is 1
 * if its centre is inside by the even-odd rule over all contours of one plane; a contour that occurs twice counts
 * once. A plane between two slices goes to the nearer one; where all planes are off by the same distance, each goes to
 * the slice on that side. If several planes go to one slice, only the nearest counts. `notes` reports all of these,
 * contours that mark no voxel, a part that lies outside the scan, and slices between contours that have none.
 * @throws NoduleTrainError `mask-grid` for a contour that is not parallel to the slices, or if more than a few percent
 * of the region lie outside the scan
 */
export function fillContours(
  path: string,
  contours: readonly (readonly WorldLPS[])[],
  volume: Volume,
): { readonly voxels: Uint8Array; readonly notes: readonly string[] } {
  const [slices, rows, columns] = volume.shape;
  const planars = contours.map((contour, k) => planarOf(path, k, contour, volume));
  const offset = commonOffset(
    planars.map(({ height }) => height),
    slices,
  );
  const sliceOf = ({ height }: PlanarContour): number => Math.round(height - offset);
  const outside = checkExtent(path, planars, sliceOf, volume.shape);
  const bySlice = new Map<number, PlanarContour[]>();
  for (const planar of planars) {
    const slice = sliceOf(planar);
    if (slice < 0 || slice >= slices) continue;
    const others = bySlice.get(slice);
    if (others === undefined) bySlice.set(slice, [planar]);
    else others.push(planar);
  }
  const compare = compareContours(rows, columns);
  const voxels = new Uint8Array(voxelCount(volume.shape));
  const count = { skipped: 0, repeated: 0, crossing: 0, empty: 0, between: 0 };
  for (const [slice, all] of bySlice) {
    const off = ({ height }: PlanarContour): number => Math.abs(height - offset - slice);
    const nearest = all.reduce((best, planar) => (off(planar) < off(best) ? planar : best)).height;
    const ofPlane = all.filter(({ height }) => Math.abs(height - nearest) <= SAME_PLANE);
    count.skipped += all.length - ofPlane.length;
    count.between += ofPlane.filter((planar) => off(planar) > SAME_PLANE).length;
    const { taken, repeated, crossing } = distinctContours(ofPlane, compare);
    count.repeated += repeated;
    count.crossing += crossing;
    const plane = voxels.subarray(slice * rows * columns, (slice + 1) * rows * columns);
    // What two contours enclose is a hole.
    for (const { corners } of taken) {
      let marked = 0;
      fillPolygon(corners, rows, (row, from, to) => {
        for (let column = Math.max(0, from); column <= Math.min(columns - 1, to); column++, marked++)
          plane[row * columns + column]! ^= 1;
      });
      if (marked === 0) count.empty++;
    }
  }
  const notes = [...outside, ...notesOf(planars, offset, [...bySlice.keys()], count, volume)];
  if (!voxels.includes(1)) notes.push('the mask is empty: the region encloses the middle of no voxel');
  return { voxels, notes };
}

const planarOf = (path: string, k: number, contour: readonly WorldLPS[], volume: Volume): PlanarContour => {
  const points = contour.map((point) => worldToIndex(volume, point));
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [index] of points) {
    low = Math.min(low, index);
    high = Math.max(high, index);
  }
  if (high - low > SAME_PLANE) {
    throw new NoduleTrainError(
      'mask-grid',
      `placing the mask ${path} on its scan: contour ${k + 1} runs from slice ${low.toFixed(2)} to ` +
        `${high.toFixed(2)}, expected contours parallel to the slices of the scan`,
    );
  }
  return { number: k + 1, height: (low + high) / 2, corners: points.map(([, row, column]) => [column, row]) };
};

const notesOf = (
  planars: readonly PlanarContour[],
  offset: number,
  slices: readonly number[],
  count: { skipped: number; repeated: number; crossing: number; empty: number; between: number },
  volume: Volume,
): string[] => {
  const [low, high] = [Math.min(...slices), Math.max(...slices)];
  const without = high - low + 1 - slices.length;
  const mm = Math.abs(offset) * knownSpacing(volume, 'placing contours')[2];
  return [
    ...(offset === 0
      ? []
      : [
          `all ${planars.length} contours lie ${Math.abs(offset).toFixed(2)} slices (${mm.toPrecision(3)} mm) ` +
            `${offset > 0 ? 'after' : 'before'} the slices that they are drawn on, so they may be of another series`,
        ]),
    ...(count.between === 0
      ? []
      : [`${count.between} contours lie between two slices; each is drawn on the nearer one`]),
    ...(count.skipped === 0 ? [] : [`skipped ${count.skipped} contours because others are nearer to their slice`]),
    ...(count.repeated === 0 ? [] : [`skipped ${count.repeated} contours that repeat another`]),
    ...(count.crossing === 0
      ? []
      : [`${count.crossing} pairs of contours overlap in part; what both enclose is not in the mask`]),
    ...(count.empty === 0 ? [] : [`${count.empty} contours enclose the middle of no voxel`]),
    ...(without === 0 ? [] : [`${without} slices between its contours have no contour and stay empty`]),
  ];
};
