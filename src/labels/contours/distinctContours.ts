import type { PlanarContour } from './fillContours.js';
import { fillPolygon } from './fillPolygon.js';

/** Contours whose boxes differ by less, in voxels, may be the same. */
const SAME_BOX = 0.1;

/** Part of the voxels of two contours that may differ if they are the same, as one may be rounded. */
const SAME_VOXELS = 0.05;

/** Limit on neighbours of a contour that may be the same; more are in no plane of a real file. */
const MOST_NEIGHBOURS = 500;

/** Limit on the voxels that are compared for all planes, so that a file made to take long ends in time. */
const MOST_COMPARED = 1e9;

interface Boxed {
  readonly planar: PlanarContour;
  readonly low: readonly [column: number, row: number];
  readonly high: readonly [column: number, row: number];
}

/** Counts the voxels that two contours have in common; null when it has compared too many. */
export type CompareContours = (a: PlanarContour, b: PlanarContour) => Common | null;

/**
 * The contours of one plane without those that repeat another: with the same box and voxels, wherever they begin and
 * in which direction they run. `crossing` counts pairs that overlap without one containing the other.
 */
export function distinctContours(
  contours: readonly PlanarContour[],
  compare: CompareContours,
): { readonly taken: readonly PlanarContour[]; readonly repeated: number; readonly crossing: number } {
  if (contours.length < 2) return { taken: contours, repeated: 0, crossing: 0 };
  const boxes = contours.map(boxOf).sort((a, b) => a.low[0] - b.low[0]);
  const taken: Boxed[] = [];
  for (const box of boxes) {
    let same = false;
    for (let k = taken.length - 1; k >= Math.max(0, taken.length - MOST_NEIGHBOURS) && !same; k--) {
      const other = taken[k]!;
      if (box.low[0] - other.low[0] > SAME_BOX) break;
      same = isSameBox(box, other) && isSame(compare(box.planar, other.planar));
    }
    if (!same) taken.push(box);
  }
  let crossing = 0;
  for (let a = 0; a < taken.length; a++) {
    const last = Math.min(taken.length - 1, a + MOST_NEIGHBOURS);
    for (let b = a + 1; b <= last && taken[b]!.low[0] < taken[a]!.high[0]; b++) {
      const common = boxesOverlap(taken[a]!, taken[b]!) ? compare(taken[a]!.planar, taken[b]!.planar) : null;
      if (common !== null && common.both > 0 && common.both < common.least) crossing++;
    }
  }
  const kept = new Set(taken.map(({ planar }) => planar));
  return { taken: contours.filter((planar) => kept.has(planar)), repeated: contours.length - kept.size, crossing };
}

const boxOf = (planar: PlanarContour): Boxed => {
  const [low, high]: [[number, number], [number, number]] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (const corner of planar.corners)
    for (const axis of [0, 1] as const) {
      low[axis] = Math.min(low[axis], corner[axis]);
      high[axis] = Math.max(high[axis], corner[axis]);
    }
  return { planar, low, high };
};

const isSameBox = (a: Boxed, b: Boxed): boolean =>
  [0, 1].every(
    (axis) => Math.abs(a.low[axis]! - b.low[axis]!) <= SAME_BOX && Math.abs(a.high[axis]! - b.high[axis]!) <= SAME_BOX,
  );

const boxesOverlap = (a: Boxed, b: Boxed): boolean =>
  [0, 1].every((axis) => a.low[axis]! < b.high[axis]! && b.low[axis]! < a.high[axis]!);

interface Common {
  /** Voxels in both, in either, and in the smaller one. */
  readonly both: number;
  readonly either: number;
  readonly least: number;
}

const isSame = (common: Common | null): boolean =>
  common !== null && common.either - common.both <= Math.max(1, SAME_VOXELS * common.either);

/** Creates the comparison of contours in planes of this size. */
export function compareContours(rows: number, columns: number): CompareContours {
  let left = MOST_COMPARED;
  const plane = new Uint8Array(rows * columns);
  const forEach = ({ corners }: PlanarContour, visit: (position: number) => void): void =>
    fillPolygon(corners, rows, (row, from, to) => {
      for (let column = Math.max(0, from); column <= Math.min(columns - 1, to); column++) visit(row * columns + column);
    });
  return (a, b) => {
    if (left < 0) return null;
    let [ofA, ofB, both] = [0, 0, 0];
    forEach(a, (at) => {
      plane[at] = 1;
      ofA++;
    });
    forEach(b, (at) => {
      ofB++;
      both += plane[at]!;
    });
    forEach(a, (at) => {
      plane[at] = 0;
    });
    // A row of a contour without voxels takes its time too.
    left -= 2 * ofA + ofB + rows;
    return { both, either: ofA + ofB - both, least: Math.min(ofA, ofB) };
  };
}
