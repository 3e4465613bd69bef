/** A corner in voxels: the centre of the first pixel is (0, 0). */
export type Corner = readonly [row: number, column: number];

/**
 * Marks the pixels whose centre lies inside an odd number of turns of the polygons (even-odd rule), so that a hole may be a polygon of
 * its own or cut in by a keyhole. A centre on an edge belongs to the side of higher rows and columns: of two polygons that share the edge,
 * one has it. `plane` is [rows, columns]; what lies outside of it is cut off.
 */
export const fillPolygons = (
  polygons: readonly (readonly Corner[])[],
  plane: Uint8Array,
  rows: number,
  columns: number,
): void => {
  // Where a row changes between inside and outside: of fixed size, however many corners a file has.
  const changes = new Uint8Array(rows * columns);
  for (const polygon of polygons) {
    polygon.forEach((from, k) => {
      const to = polygon[(k + 1) % polygon.length]!;
      const [low, high] = from[0] <= to[0] ? [from, to] : [to, from];
      const last = Math.min(rows - 1, Math.ceil(high[0]) - 1);
      for (let row = Math.max(0, Math.ceil(low[0])); row <= last; row++) {
        const crossing = low[1] + ((row - low[0]) / (high[0] - low[0])) * (high[1] - low[1]);
        const column = Math.max(0, Math.ceil(crossing));
        if (column < columns) changes[row * columns + column]! ^= 1;
      }
    });
  }
  for (let row = 0; row < rows; row++) {
    let inside = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      inside ^= changes[k]!;
      if (inside === 1) plane[k] = 1;
    }
  }
};
