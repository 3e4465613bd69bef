import type { Shape3 } from '../../ct/index.js';
import { convexHull, type Point } from './convexHull.js';

/** A line in one slice, with its ends in pixels `[row, column]`; the centre of the first pixel is `[0, 0]`. */
export interface AxisLine {
  /** Its length in mm. */
  mm: number;
  ends: readonly [from: Point, to: Point];
}

export interface AxialAxes {
  slice: number;
  long: AxisLine;
  short: AxisLine;
}

/** Distances whose ratio differs from 1 by less than this are equal: the products of spacings are rounded. */
const SAME = 1e-9;

/** Spacing of the columns and of the rows in mm. */
type Pixel = readonly [x: number, y: number];

/** A vector in a slice in mm. */
type Vector = readonly [x: number, y: number];

/**
 * Measures the long and the short axis of a set of voxels in the slice in which the long axis is largest.
 *
 * The long axis is the largest distance between two pixel centres plus one pixel. The short axis is the largest
 * distance between two pixel centres along a perpendicular line, plus one pixel: the two lie within half a pixel of one
 * line that is perpendicular to the long axis, and their distance is measured along it. One pixel along a direction is
 * `hypot(x * spacing x, y * spacing y)` for its unit vector `(x, y)`: the spacing where pixels are square, the spacing
 * of the columns along a row, that of the rows along a column. The ends of both lines lie half a pixel beyond the
 * outermost centres, so that their distance is the length.
 *
 * A single pixel has its larger side as long axis and its smaller one as short axis. Of several pairs of pixels at the
 * largest distance, the one with the largest short axis counts, then the first one; of several slices with equal axes
 * the first. Where pixels are not square, the perpendicular line of a few pixels can be the longer one; then the two
 * are exchanged, so that the short axis is never longer.
 *
 * The definition of the short axis follows RECIST and the Fleischner Society: the largest diameter perpendicular to the
 * longest one, in the same section (doi 10.1148/radiol.2017162894).
 * @param positions positions of the voxels in an array of this shape, ascending, at least one
 * @param spacing [x, y, …] in mm
 */
export function axialAxes(
  positions: Int32Array,
  [, rows, columns]: Shape3,
  spacing: readonly [number, number, ...number[]],
): AxialAxes {
  const pixel: Pixel = [spacing[0], spacing[1]];
  const plane = rows * columns;
  let best: AxialAxes | null = null;
  for (let from = 0; from < positions.length; ) {
    const slice = Math.floor(positions[from]! / plane);
    const to = firstAtLeast(positions, (slice + 1) * plane, from);
    const found = axesInSlice(positions.subarray(from, to), slice * plane, columns, pixel, best);
    if (found !== null) best = { slice, ...found };
    from = to;
  }
  return best as AxialAxes;
}

/** Index of the first of ascending positions from `start` on that is at least `value`. */
function firstAtLeast(positions: Int32Array, value: number, start: number): number {
  let [low, high] = [start, positions.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positions[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Axes = Omit<AxialAxes, 'slice'>;

/** Returns the axes in one slice if they are better than `best`, else null. */
function axesInSlice(
  positions: Int32Array,
  base: number,
  columns: number,
  pixel: Pixel,
  best: Axes | null,
): Axes | null {
  const corners = convexHull(endsOfRows(positions, base, columns));
  const pairs = longestPairs(corners, pixel);
  // Cheap to know before the perpendicular lines: no pair can give more than its distance and the larger side.
  const most = Math.sqrt(Math.max(...pairs.map(([a, b]) => squared(a, b, pixel)))) + Math.max(...pixel);
  if (best !== null && most < best.long.mm * (1 - SAME)) return null;
  let found: Axes | null = null;
  const rim = rimPixels(positions, base, columns);
  for (const [a, b] of pairs) {
    const axes = axesAlong(a, b, rim, pixel);
    if (isBetter(axes, found ?? best)) found = axes;
  }
  return found;
}

function isBetter(axes: Axes, than: Axes | null): boolean {
  if (than === null || axes.long.mm > than.long.mm * (1 + SAME)) return true;
  return axes.long.mm >= than.long.mm * (1 - SAME) && axes.short.mm > than.short.mm * (1 + SAME);
}

/** First and last pixel of every row as `[row, column]`, ascending: the corners of the hull are among them. */
function endsOfRows(positions: Int32Array, base: number, columns: number): Point[] {
  const ends: Point[] = [];
  let last = -1;
  for (let n = 0; n < positions.length; n++) {
    const at = positions[n]! - base;
    const row = Math.floor(at / columns);
    const next = n + 1 < positions.length ? Math.floor((positions[n + 1]! - base) / columns) : -1;
    if (row !== last || row !== next) ends.push([row, at - row * columns]);
    last = row;
  }
  return ends;
}

/** All pairs of points at the largest distance, in order. Of a single point, that point twice. */
function longestPairs(corners: readonly Point[], pixel: Pixel): [Point, Point][] {
  // The hull starts at the first point but runs around; the order of the pairs is that of the pixels.
  const points = corners.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  let most = 0;
  let pairs: [Point, Point][] = [[points[0]!, points[0]!]];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      const distance = squared(points[i]!, points[j]!, pixel);
      if (distance < most * (1 - SAME)) continue;
      if (distance > most * (1 + SAME)) pairs = [];
      most = Math.max(most, distance);
      pairs.push([points[i]!, points[j]!]);
    }
  }
  return pairs;
}

const squared = (a: Point, b: Point, [x, y]: Pixel): number => ((b[1] - a[1]) * x) ** 2 + ((b[0] - a[0]) * y) ** 2;

/** Pixels with a side that belongs to no other pixel: the ends of the longest perpendicular line are among them. */
function rimPixels(positions: Int32Array, base: number, columns: number): Point[] {
  const [first, final] = [positions[0]! - base, positions[positions.length - 1]! - base];
  const top = Math.floor(first / columns);
  // One empty row above and below, one empty column on either side.
  const width = columns + 2;
  const set = new Uint8Array((Math.floor(final / columns) - top + 3) * width);
  const place = (row: number, column: number) => (row - top + 1) * width + column + 1;
  for (const position of positions) {
    const at = position - base;
    const row = Math.floor(at / columns);
    set[place(row, at - row * columns)] = 1;
  }
  const rim: Point[] = [];
  for (const position of positions) {
    const row = Math.floor((position - base) / columns);
    const column = position - base - row * columns;
    const at = place(row, column);
    if (set[at - 1]! + set[at + 1]! + set[at - width]! + set[at + width]! < 4) rim.push([row, column]);
  }
  return rim;
}

/** Length in mm of one pixel along a unit vector. */
const pixelAlong = ([x, y]: Vector, [sx, sy]: Pixel): number => Math.hypot(x * sx, y * sy);

/** The long axis from `a` to `b` and the longest line perpendicular to it. */
function axesAlong(a: Point, b: Point, rim: readonly Point[], pixel: Pixel): Axes {
  const distance = Math.sqrt(squared(a, b, pixel));
  const [sx, sy] = pixel;
  const along: Vector =
    distance > 0 ? [((b[1] - a[1]) * sx) / distance, ((b[0] - a[0]) * sy) / distance] : sx >= sy ? [1, 0] : [0, 1];
  const across: Vector = [-along[1], along[0]];
  const one = pixelAlong(along, pixel);
  const placed = rim.map(([row, column]) => {
    const [x, y] = [(column - a[1]) * sx, (row - a[0]) * sy];
    return { t: x * along[0] + y * along[1], v: x * across[0] + y * across[1] };
  });
  const { from, to, t } = longestAcross(placed, one * (1 + SAME), distance / 2);
  const toPixels = (t: number, v: number): Point => [
    a[0] + (t * along[1] + v * across[1]) / sy,
    a[1] + (t * along[0] + v * across[0]) / sx,
  ];
  const oneAcross = pixelAlong(across, pixel);
  const long: AxisLine = {
    mm: distance + one,
    ends: [toPixels(-one / 2, 0), toPixels(distance + one / 2, 0)],
  };
  const short: AxisLine = {
    mm: to - from + oneAcross,
    ends: [toPixels(t, from - oneAcross / 2), toPixels(t, to + oneAcross / 2)],
  };
  return short.mm > long.mm * (1 + SAME) ? { long: short, short: long } : { long, short };
}

/**
 * Finds the two points that are farthest apart in `v` among those at most `width` apart in `t`; of several, those
 * nearest to `middle`, then the first.
 * @returns their `v`, and the `t` in the middle between them
 */
function longestAcross(points: readonly { t: number; v: number }[], width: number, middle: number) {
  const sorted = points.toSorted((a, b) => a.t - b.t || a.v - b.v);
  // Queues of a sliding window: the best partners of the newest point, by descending and ascending `v`.
  const [high, low]: [number[], number[]] = [[], []];
  let [highStart, lowStart] = [0, 0];
  let best = { from: sorted[0]!.v, to: sorted[0]!.v, t: middle };
  let [length, off] = [0, Number.POSITIVE_INFINITY];
  const offer = (one: { t: number; v: number }, other: { t: number; v: number }) => {
    const reach = Math.abs(one.v - other.v);
    const t = (one.t + other.t) / 2;
    const away = Math.abs(t - middle);
    const slack = SAME * width;
    if (reach < length - slack || (reach <= length + slack && away >= off - slack)) return;
    [length, off] = [Math.max(reach, length), away];
    best = { from: Math.min(one.v, other.v), to: Math.max(one.v, other.v), t };
  };
  for (const [n, point] of sorted.entries()) {
    while (high.length > highStart && sorted[high.at(-1)!]!.v <= point.v) high.pop();
    while (low.length > lowStart && sorted[low.at(-1)!]!.v >= point.v) low.pop();
    high.push(n);
    low.push(n);
    while (point.t - sorted[high[highStart]!]!.t > width) highStart++;
    while (point.t - sorted[low[lowStart]!]!.t > width) lowStart++;
    offer(point, sorted[high[highStart]!]!);
    offer(point, sorted[low[lowStart]!]!);
  }
  return best;
}
