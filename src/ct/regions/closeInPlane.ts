/** Greater than any distance in a slice. */
const far = 1e6;

/**
 * Closes a mask `[rows, columns]` in place with a disc of `radius` pixels: sets every pixel that no disc outside the
 * mask can reach. The outside of the image counts as outside the mask, so a lung near the edge is closed there.
 */
export function closeInPlane(mask: Uint8Array, rows: number, columns: number, radius: number): void {
  const box = boxOf(mask, rows, columns);
  if (box === null) return;
  const [top, left, high, wide] = box;
  // Discs may lie partly outside the box, and `spread` reads the neighbours of every pixel, so the rim must exist.
  const margin = Math.ceil(radius) + 2;
  const stride = wide + 2 * margin;
  const lines = high + 2 * margin;
  const distance = new Float32Array(stride * lines).fill(far);
  for (let r = 0; r < high; r++) {
    const [pixel, place] = [(top + r) * columns + left, (r + margin) * stride + margin];
    for (let c = 0; c < wide; c++) if (mask[pixel + c] !== 0) distance[place + c] = 0;
  }
  spread(distance, lines, stride);
  for (let at = 0; at < distance.length; at++) distance[at] = distance[at]! > radius ? 0 : far;
  spread(distance, lines, stride);
  for (let r = 0; r < high; r++) {
    const [pixel, place] = [(top + r) * columns + left, (r + margin) * stride + margin];
    for (let c = 0; c < wide; c++) if (distance[place + c]! > radius) mask[pixel + c] = 1;
  }
}

/** Bounding box of the set pixels: first row and column, number of rows and columns; null where none is set. */
function boxOf(mask: Uint8Array, rows: number, columns: number): readonly [number, number, number, number] | null {
  const first = mask.indexOf(1);
  if (first < 0) return null;
  const [top, bottom] = [Math.floor(first / columns), Math.floor(mask.lastIndexOf(1) / columns)];
  let [left, right] = [columns, 0];
  for (let r = top; r <= bottom && r < rows; r++) {
    const line = mask.subarray(r * columns, (r + 1) * columns);
    const start = line.indexOf(1);
    if (start < 0) continue;
    left = Math.min(left, start);
    right = Math.max(right, line.lastIndexOf(1));
  }
  return [top, left, bottom - top + 1, right - left + 1];
}

/**
 * Turns 0 at set pixels and `far` elsewhere into the distance in pixels to the nearest set one, by a 3-4 chamfer
 * (Borgefors 1986; within 8 %).
 */
function spread(distance: Float32Array, rows: number, columns: number): void {
  // The values passed from pixel to pixel are rounded like those in memory.
  for (let r = 1; r < rows - 1; r++) {
    const line = r * columns;
    const above = line - columns;
    let behind = distance[line]!;
    let slanted = distance[above]!;
    let straight = distance[above + 1]!;
    for (let c = 1; c < columns - 1; c++) {
      const next = distance[above + c + 1]!;
      const side = (behind < straight ? behind : straight) + 1;
      const corner = (slanted < next ? slanted : next) + 4 / 3;
      const through = side < corner ? side : corner;
      const own = distance[line + c]!;
      if (through < own) distance[line + c] = behind = Math.fround(through);
      else behind = own;
      slanted = straight;
      straight = next;
    }
  }
  for (let r = rows - 2; r > 0; r--) {
    const line = r * columns;
    const below = line + columns;
    let behind = distance[line + columns - 1]!;
    let slanted = distance[below + columns - 1]!;
    let straight = distance[below + columns - 2]!;
    for (let c = columns - 2; c > 0; c--) {
      const next = distance[below + c - 1]!;
      const side = (behind < straight ? behind : straight) + 1;
      const corner = (slanted < next ? slanted : next) + 4 / 3;
      const through = side < corner ? side : corner;
      const own = distance[line + c]!;
      if (through < own) distance[line + c] = behind = Math.fround(through);
      else behind = own;
      slanted = straight;
      straight = next;
    }
  }
}
