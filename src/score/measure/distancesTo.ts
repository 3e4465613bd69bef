import type { Shape3, Vector3 } from '../../ct/index.js';
import { boxOf } from './surfaceVoxels.js';

/** No voxel of the other set in this line. */
const NONE = 0xffff;

/**
 * Measures the distance in mm from each of some voxels to the nearest voxel of another set, between centres.
 *
 * It is the exact Euclidean distance transform by lower envelopes of parabolas (Felzenszwalb and Huttenlocher 2012,
 * doi 10.4086/toc.2012.v008a019), restricted to the box of both sets. The distances along the slices are whole numbers,
 * so the memory is two bytes per voxel of the box; the other two axes are done slice by slice.
 * @param from positions in an array of this shape, ascending
 * @param to likewise, at least one
 * @param spacing [x, y, z] in mm
 * @returns a distance for each of `from`
 */
export function distancesTo(from: Int32Array, to: Int32Array, shape: Shape3, spacing: Vector3): Float64Array {
  const distances = new Float64Array(from.length);
  if (from.length === 0) return distances;
  const [, rows, columns] = shape;
  const [sx, sy, sz] = spacing;
  const [a, b] = [boxOf(from, shape), boxOf(to, shape)];
  const low = a.low.map((place, axis) => Math.min(place, b.low[axis]!)) as [number, number, number];
  const [deep, high, wide] = a.high.map((place, axis) => Math.max(place, b.high[axis]!) - low[axis]! + 1) as [
    number,
    number,
    number,
  ];
  const along = stepsAlongSlices(to, shape, low, [deep, high, wide]);
  const plane = high * wide;
  const squared = new Float64Array(plane);
  const envelope = createEnvelope(Math.max(high, wide));
  for (let n = 0; n < from.length; ) {
    const slice = Math.floor(from[n]! / (rows * columns));
    const steps = along.subarray((slice - low[0]) * plane, (slice - low[0] + 1) * plane);
    for (let at = 0; at < plane; at++)
      squared[at] = steps[at] === NONE ? Number.POSITIVE_INFINITY : (steps[at]! * sz) ** 2;
    for (let c = 0; c < wide; c++) envelope(squared, c, wide, high, sy);
    for (; n < from.length && from[n]! < (slice + 1) * rows * columns; ) {
      const line = Math.floor(from[n]! / columns);
      const base = (line - slice * rows - low[1]) * wide;
      envelope(squared, base, 1, wide, sx);
      for (; n < from.length && from[n]! < (line + 1) * columns; n++)
        distances[n] = Math.sqrt(squared[base + from[n]! - line * columns - low[2]]!);
    }
  }
  return distances;
}

/** Number of slices from each voxel of the box to the nearest voxel of the set in the same row and column. */
function stepsAlongSlices(
  to: Int32Array,
  [, rows, columns]: Shape3,
  low: readonly [number, number, number],
  [deep, high, wide]: readonly [number, number, number],
): Uint16Array {
  const plane = high * wide;
  const steps = new Uint16Array(deep * plane).fill(NONE);
  for (const position of to) {
    const line = Math.floor(position / columns);
    const i = Math.floor(line / rows);
    steps[(i - low[0]) * plane + (line - i * rows - low[1]) * wide + position - line * columns - low[2]] = 0;
  }
  for (let at = plane; at < steps.length; at++) if (steps[at - plane]! < steps[at]!) steps[at] = steps[at - plane]! + 1;
  for (let at = steps.length - plane - 1; at >= 0; at--)
    if (steps[at + plane]! < steps[at]!) steps[at] = Math.min(steps[at]!, steps[at + plane]! + 1);
  return steps;
}

/** Makes a function that replaces f(p) along a line by min over q of f(q) + ((p - q) * spacing)². */
function createEnvelope(longest: number) {
  const values = new Float64Array(longest);
  const tops = new Int32Array(longest);
  const starts = new Float64Array(longest + 1);
  return (field: Float64Array, first: number, step: number, length: number, spacing: number): void => {
    let last = -1;
    for (let q = 0; q < length; q++) {
      const value = field[first + q * step]!;
      values[q] = value;
      if (value === Number.POSITIVE_INFINITY) continue;
      let start = Number.NEGATIVE_INFINITY;
      while (last >= 0) {
        const top = tops[last]!;
        // Where the parabola over q falls below that over `top`, in voxels.
        start = (q + top) / 2 + (value - values[top]!) / (2 * (q - top) * spacing * spacing);
        if (start > starts[last]!) break;
        last--;
      }
      if (last < 0) start = Number.NEGATIVE_INFINITY;
      tops[++last] = q;
      starts[last] = start;
    }
    if (last < 0) return;
    starts[last + 1] = Number.POSITIVE_INFINITY;
    for (let p = 0, n = 0; p < length; p++) {
      while (starts[n + 1]! < p) n++;
      const q = tops[n]!;
      field[first + p * step] = values[q]! + ((p - q) * spacing) ** 2;
    }
  };
}
