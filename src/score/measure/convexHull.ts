/** A point of a plane in whole numbers. */
export type Point = readonly [number, number];

/**
 * Finds the corners of the convex hull of points, counter-clockwise in a system where the second coordinate points up;
 * points on an edge are not corners. Andrew's monotone chain (1979), exact for whole numbers.
 * @param points in ascending order of the first coordinate, then of the second; no point twice
 */
export function convexHull(points: readonly Point[]): Point[] {
  if (points.length < 3) return [...points];
  const half = (ordered: readonly Point[]) => {
    const chain: Point[] = [];
    for (const point of ordered) {
      while (chain.length > 1 && turn(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop();
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  return [...half(points), ...half(points.toReversed())];
}

/** Positive where the way from `a` over `b` to `c` turns left. */
const turn = (a: Point, b: Point, c: Point): number => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
