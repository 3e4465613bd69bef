import type { Shape3, Vector3 } from '../../ct/index.js';
import { convexHull, type Point } from './convexHull.js';

/**
 * Measures the largest 3D diameter of a set of voxels in mm: the largest distance between two voxel centres plus one
 * voxel, which along a unit vector is `hypot(x * spacing x, y * spacing y, z * spacing z)`. Of a single voxel it is the
 * largest side. Exact, and fast for millions of voxels: only corners of the convex hull can be farthest apart.
 * @param positions positions of the voxels in an array of this shape, ascending, at least one
 * @param spacing [x, y, z] in mm
 */
export function largestDiameter(positions: Int32Array, shape: Shape3, spacing: Vector3): number {
  const [sx, sy, sz] = spacing;
  const corners = hullCandidates(positions, shape);
  const points = corners.map(([i, r, c]): Vector3 => [c * sx, r * sy, i * sz]);
  const middle = [0, 1, 2].map((axis) => points.reduce((sum, point) => sum + point[axis]!, 0) / points.length);
  // Two points are at most as far apart as the sum of their distances from the middle, so the search ends early.
  const sorted = points
    .map((point) => ({ point, far: Math.hypot(...point.map((place, axis) => place - middle[axis]!)) }))
    .sort((a, b) => b.far - a.far);
  let [most, longest] = [0, Math.max(...spacing)];
  for (let a = 0; a < sorted.length; a++) {
    const { point: from, far } = sorted[a]!;
    const [fx, fy, fz] = from;
    if (2 * far < most * (1 - SAME)) break;
    for (let b = a + 1; b < sorted.length; b++) {
      const { point, far: other } = sorted[b]!;
      if (far + other < most * (1 - SAME)) break;
      const [x, y, z] = [point[0] - fx, point[1] - fy, point[2] - fz];
      const distance = Math.sqrt(x * x + y * y + z * z);
      if (distance < most * (1 - SAME)) continue;
      const total = distance + Math.hypot(x * sx, y * sy, z * sz) / distance;
      longest = distance > most * (1 + SAME) ? total : Math.max(longest, total);
      most = Math.max(most, distance);
    }
  }
  return longest;
}

/** Distances whose ratio differs from 1 by less than this are equal: the products of spacings are rounded. */
const SAME = 1e-9;

type Voxel = readonly [slice: number, row: number, column: number];

/** Voxels that are corners of the hull in each of the three planes through them; every corner of the 3D hull is. */
function hullCandidates(positions: Int32Array, [, rows, columns]: Shape3): Voxel[] {
  let voxels: Voxel[] = [];
  let [line, next] = [-1, -1];
  for (let n = 0; n < positions.length; n++) {
    const at = positions[n]!;
    const here = n === 0 ? Math.floor(at / columns) : next;
    next = n + 1 < positions.length ? Math.floor(positions[n + 1]! / columns) : -1;
    if (here !== line || here !== next) voxels.push([Math.floor(here / rows), here % rows, at - here * columns]);
    line = here;
  }
  for (const axis of [0, 1, 2] as const) voxels = cornersInPlanes(voxels, axis);
  return voxels;
}

/** Keeps the corners of the hull within every plane perpendicular to an axis. */
function cornersInPlanes(voxels: readonly Voxel[], axis: 0 | 1 | 2): Voxel[] {
  const [first, second] = axis === 0 ? [1, 2] : axis === 1 ? [0, 2] : [0, 1];
  const planes = new Map<number, Point[]>();
  for (const voxel of voxels) {
    const point: Point = [voxel[first]!, voxel[second]!];
    const known = planes.get(voxel[axis]);
    if (known) known.push(point);
    else planes.set(voxel[axis], [point]);
  }
  return [...planes].flatMap(([place, points]) =>
    convexHull(points.sort((a, b) => a[0] - b[0] || a[1] - b[1])).map(
      ([a, b]): Voxel => (axis === 0 ? [place, a, b] : axis === 1 ? [a, place, b] : [a, b, place]),
    ),
  );
}
