/** A corner of a polygon in pixels; (0, 0) is the centre of the first pixel. */
export type PixelPoint = readonly [column: number, row: number];

/**
 * Calls `visit` with each stretch of pixel centres inside a closed polygon, from its first to its last, by the even-odd rule, so that a
 * loop inside another is a hole. A centre on the outline belongs to the side of higher rows and columns: of two polygons that share an edge
 * one has it. Rows outside 0 to `rows` - 1 are passed over.
 */
export const fillPolygon = (
  points: readonly PixelPoint[],
  rows: number,
  visit: (row: number, fromColumn: number, toColumn: number) => void,
): void => {
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
      // Half open, so that a corner on the line is crossed once by the two edges that meet there, or by both or none.
      if (y <= row === nextY <= row) return;
      crossings.push(x + ((row - y) * (nextX - x)) / (nextY - y));
    });
    crossings.sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const [from, to] = [Math.ceil(crossings[pair]!), Math.ceil(crossings[pair + 1]!) - 1];
      if (from <= to) visit(row, from, to);
    }
  }
};

/** The pixel centres on the outline of a polygon whose corners are pixel centres. */
export const outlinePixels = (points: readonly PixelPoint[], visit: (row: number, column: number) => void): void => {
  points.forEach(([x, y], corner) => {
    const [nextX, nextY] = points[(corner + 1) % points.length]!;
    const steps = Math.max(1, divisor(Math.abs(nextX - x), Math.abs(nextY - y)));
    for (let step = 0; step < steps; step++) visit(y + (step * (nextY - y)) / steps, x + (step * (nextX - x)) / steps);
  });
};

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
