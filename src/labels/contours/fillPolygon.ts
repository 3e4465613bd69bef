/** A point in pixel coordinates; (0, 0) is the centre of the first pixel. */
export type PixelPoint = readonly [column: number, row: number];

/**
 * Calls `visit` with the first and last column of each run of pixel centres inside a closed polygon. Uses the even-odd
 * rule, so a loop inside another is a hole. A centre on the outline counts to the side of higher rows and columns, so
 * it is in exactly one of two polygons that share an edge. Skips rows outside 0 to `rows` - 1.
 */
export function fillPolygon(
  points: readonly PixelPoint[],
  rows: number,
  visit: (row: number, fromColumn: number, toColumn: number) => void,
): void {
  if (points.length < 3) return;
  let top = Number.POSITIVE_INFINITY;
  let bottom = Number.NEGATIVE_INFINITY;
  for (const [, row] of points) {
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
  }
  for (let row = Math.max(0, Math.ceil(top)); row <= Math.min(rows - 1, Math.floor(bottom)); row++) {
    const crossings: number[] = [];
    points.forEach(([x, y], corner) => {
      const [nextX, nextY] = points[(corner + 1) % points.length]!;
      // Half-open: a corner on the line is one crossing if the outline passes through, two or none if it turns back.
      if (y <= row === nextY <= row) return;
      crossings.push(x + ((row - y) * (nextX - x)) / (nextY - y));
    });
    crossings.sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const [from, to] = [Math.ceil(crossings[pair]!), Math.ceil(crossings[pair + 1]!) - 1];
      if (from <= to) visit(row, from, to);
    }
  }
}

/** Calls `visit` with the pixel centres on the outline of a polygon whose corners are pixel centres. */
export function outlinePixels(points: readonly PixelPoint[], visit: (row: number, column: number) => void): void {
  points.forEach(([x, y], corner) => {
    const [nextX, nextY] = points[(corner + 1) % points.length]!;
    const steps = Math.max(1, divisor(Math.abs(nextX - x), Math.abs(nextY - y)));
    for (let step = 0; step < steps; step++) visit(y + (step * (nextY - y)) / steps, x + (step * (nextX - x)) / steps);
  });
}

/** Greatest common divisor (Euclid). */
const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
