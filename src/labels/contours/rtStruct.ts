import { type Volume, voxelCount, type WorldLPS, worldToIndex } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { fillPolygon, type PixelPoint } from './fillPolygon.js';

/** Planes nearer than this, in slices, are one; and so much may the points of one contour differ. */
const samePlane = 0.1;

interface Planar {
  /** In slices, fractional. */
  readonly height: number;
  readonly corners: readonly PixelPoint[];
}

/**
 * The voxels of a scan that the contours of an RTSTRUCT enclose: 0 and 1, [slices, rows, columns]. Those whose centre lies inside, by the
 * even-odd rule over all contours of one plane. A plane between two slices goes to the nearer one; of several planes that go to one slice only
 * the nearest is taken, which `notes` says, as are slices between contours that have none.
 * Throws 'mask-grid' where a contour is not parallel to the slices or lies outside the scan.
 */
export const rtStruct = (
  path: string,
  contours: readonly (readonly WorldLPS[])[],
  volume: Volume,
): { readonly voxels: Uint8Array; readonly notes: readonly string[] } => {
  const [slices, rows, columns] = volume.shape;
  const bySlice = new Map<number, Planar[]>();
  contours.forEach((contour, k) => {
    const planar = planarOf(path, k, contour, volume);
    const slice = Math.round(planar.height);
    if (slice < 0 || slice >= slices) {
      const found = `lies at slice ${planar.height.toFixed(2)}, and the scan has 0 to ${slices - 1}`;
      throw refusal(path, k, found, 'the contours of this scan');
    }
    bySlice.set(slice, [...(bySlice.get(slice) ?? []), planar]);
  });
  const voxels = new Uint8Array(voxelCount(volume.shape));
  let leftOut = 0;
  for (const [slice, planars] of bySlice) {
    const off = (planar: Planar): number => Math.abs(planar.height - slice);
    const nearest = planars.reduce((best, planar) => (off(planar) < off(best) ? planar : best)).height;
    const taken = planars.filter(({ height }) => Math.abs(height - nearest) <= samePlane);
    leftOut += planars.length - taken.length;
    const plane = voxels.subarray(slice * rows * columns, (slice + 1) * rows * columns);
    // What two contours hold is a hole.
    for (const { corners } of taken)
      fillPolygon(corners, rows, (row, from, to) => {
        for (let column = Math.max(0, from); column <= Math.min(columns - 1, to); column++)
          plane[row * columns + column]! ^= 1;
      });
  }
  return { voxels, notes: notesOf([...bySlice.keys()], leftOut) };
};

const planarOf = (path: string, k: number, contour: readonly WorldLPS[], volume: Volume): Planar => {
  const points = contour.map((point) => worldToIndex(volume, point));
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [index] of points) {
    low = Math.min(low, index);
    high = Math.max(high, index);
  }
  if (high - low > samePlane) {
    const found = `runs from slice ${low.toFixed(2)} to ${high.toFixed(2)}`;
    throw refusal(path, k, found, 'contours parallel to the slices of the scan');
  }
  return { height: (low + high) / 2, corners: points.map(([, row, column]) => [column, row]) };
};

const notesOf = (slices: readonly number[], leftOut: number): string[] => {
  const [low, high] = [Math.min(...slices), Math.max(...slices)];
  const without = high - low + 1 - slices.length;
  return [
    ...(leftOut === 0 ? [] : [`${leftOut} contours are left out, as others lie nearer to their slice`]),
    ...(without === 0 ? [] : [`${without} slices between its contours have none and stay empty`]),
  ];
};

const refusal = (path: string, k: number, found: string, wanted: string): NoduleTrainError =>
  new NoduleTrainError(
    'mask-grid',
    `laying the mask ${path} on its scan: contour ${k + 1} ${found}; wanted are ${wanted}`,
  );
