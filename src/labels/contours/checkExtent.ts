import { NoduleTrainError } from '../../runtime/index.js';
import type { PlanarContour } from './fillContours.js';
import type { PixelPoint } from './fillPolygon.js';

/** Part of a region's area that may lie outside the scan, as where a hand slips over the border. */
const MOST_OUTSIDE = 0.05;

/** Voxels beyond the outermost centres that still count as inside: contours run around voxels. */
const BORDER = 1;

/**
 * Checks that contours lie in the scan. Returns a note on the part that does not, if it is small.
 * @throws NoduleTrainError `mask-grid` with the extent of the contours, if more than a twentieth of their area is
 * outside
 */
export function checkExtent(
  path: string,
  planars: readonly PlanarContour[],
  sliceOf: (planar: PlanarContour) => number,
  [slices, rows, columns]: readonly [slices: number, rows: number, columns: number],
): string[] {
  let [total, outside, contours] = [0, 0, 0];
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (const planar of planars) {
    const area = Math.abs(areaOf(planar.corners));
    const slice = sliceOf(planar);
    const inStack = slice >= 0 && slice < slices;
    total += area;
    const beyond = planar.corners.some(([x, y]) => x < -BORDER || y < -BORDER || x > columns || y > rows);
    if (inStack && !beyond) continue;
    outside += area - (inStack ? Math.abs(areaOf(clipped(planar.corners, rows, columns))) : 0);
    contours++;
    for (const [column, row] of planar.corners)
      [planar.height, row, column].forEach((place, axis) => {
        low[axis] = Math.min(low[axis]!, place);
        high[axis] = Math.max(high[axis]!, place);
      });
  }
  if (contours === 0) return [];
  const share = total > 0 ? outside / total : 1;
  const percent = Number((100 * share).toPrecision(2));
  const range = (axis: number): string => `${low[axis]!.toFixed(1)} to ${high[axis]!.toFixed(1)}`;
  const found = `${contours} of its ${planars.length} contours reach outside the scan, with ${percent} % of the area`;
  const where = `slices ${range(0)}, rows ${range(1)}, columns ${range(2)}`;
  if (share <= MOST_OUTSIDE) return [`${found} (${where}); that part is cut off`];
  throw new NoduleTrainError(
    'mask-grid',
    `placing the mask ${path} on its scan: ${found}: they extend over ${where}, expected slices 0 to ${slices - 1}, ` +
      `rows 0 to ${rows - 1}, columns 0 to ${columns - 1}. Give the contours of this scan.`,
  );
}

/** Signed area by the shoelace formula. */
const areaOf = (points: readonly PixelPoint[]): number => {
  const [x0, y0] = points[0] ?? [0, 0];
  let twice = 0;
  for (let k = 0; k < points.length; k++) {
    const [x, y] = points[k]!;
    const [nextX, nextY] = points[k + 1 === points.length ? 0 : k + 1]!;
    // Relative to the first point, as far places would cost digits.
    twice += (x - x0) * (nextY - y0) - (nextX - x0) * (y - y0);
  }
  return twice / 2;
};

/** Clips a polygon to the slice and its border, one side after another (Sutherland and Hodgman). */
const clipped = (points: readonly PixelPoint[], rows: number, columns: number): readonly PixelPoint[] => {
  let kept = points;
  for (const [axis, limit, sign] of [
    [0, -BORDER, 1],
    [0, columns - 1 + BORDER, -1],
    [1, -BORDER, 1],
    [1, rows - 1 + BORDER, -1],
  ] as const) {
    const next: PixelPoint[] = [];
    kept.forEach((to, k) => {
      const from = kept[k === 0 ? kept.length - 1 : k - 1]!;
      const [start, end] = [sign * (from[axis] - limit), sign * (to[axis] - limit)];
      if (start >= 0 !== end >= 0) {
        const t = start / (start - end);
        next.push([from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]);
      }
      if (end >= 0) next.push(to);
    });
    kept = next;
  }
  return kept;
};
