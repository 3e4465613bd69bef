import type { IndexIRC, Shape3, Vector3 } from '../../ct/index.js';

/** Lowest and highest index of a box along one axis, both inclusive; empty if `low` is above `high`. */
export interface Side {
  readonly low: number;
  readonly high: number;
  /** Voxels from the centre to the farther side. */
  readonly radius: number;
}

/** Whether the voxel at a flat position is dense. */
type Dense = (position: number) => boolean;

interface Line {
  readonly center: IndexIRC;
  readonly shape: Shape3;
  readonly axis: 0 | 1 | 2;
  readonly dense: Dense;
}

const along = ({ center, shape, axis }: Line): ((place: number) => number) => {
  const strides: Vector3 = [shape[1] * shape[2], shape[2], 1];
  const base = center.reduce((sum, place, other) => (other === axis ? sum : sum + place * strides[other]!), 0);
  return (place) => base + place * strides[axis];
};

/** Initial radius of the book's search, in voxels. */
const BOOK_LEAST = 2;

/**
 * Grows both sides together until either meets air. Once one side leaves the volume, the other alone decides. The box
 * stays inside the volume.
 */
export function traceBothSides(line: Line): Side {
  const [place, length] = [line.center[line.axis], line.shape[line.axis]];
  const at = along(line);
  let radius = BOOK_LEAST;
  for (; ; radius++) {
    const sides = [place + radius, place - radius].filter((side) => side >= 0 && side < length);
    if (sides.length === 0) {
      radius--;
      break;
    }
    if (!sides.every((side) => line.dense(at(side)))) break;
  }
  return { low: Math.max(0, place - radius), high: Math.min(length - 1, place + radius), radius };
}

/** Grows each side on its own, at least 1 and at most `limit` voxels, until it meets air (inclusive, as the book). */
export function traceEachSide(line: Line, limit: number): Side {
  const [place, length] = [line.center[line.axis], line.shape[line.axis]];
  const at = along(line);
  const reach = (sign: 1 | -1): number => {
    let steps = 1;
    const inside = (next: number) => next >= 0 && next < length;
    while (steps < limit && inside(place + sign * steps) && line.dense(at(place + sign * steps))) steps++;
    return steps;
  };
  const [down, up] = [reach(-1), reach(1)];
  return { low: Math.max(0, place - down), high: Math.min(length - 1, place + up), radius: Math.max(down, up) };
}

/**
 * Reproduces the book's search and box with Python's indexing: a negative index reads from the far end, an index past
 * the end of any axis stops the search one voxel earlier, and a box that starts below 0 starts at the far end, so it is
 * empty or elsewhere.
 */
export function traceWrapping(line: Line): Side {
  const { center, shape, axis, dense } = line;
  const [place, length] = [center[axis], shape[axis]];
  const wrapped = center.map((other, k) => (other < 0 ? other + shape[k]! : other)) as unknown as IndexIRC;
  const at = along({ ...line, center: wrapped });
  const offGrid = wrapped.some((other, k) => k !== axis && (other < 0 || other >= shape[k]!));
  const read = (index: number): boolean | null => {
    const position = index < 0 ? index + length : index;
    return offGrid || position < 0 || position >= length ? null : dense(at(position));
  };
  let radius = BOOK_LEAST;
  for (; ; radius++) {
    const up = read(place + radius);
    const down = up === true ? read(place - radius) : up;
    if (down === null) radius--;
    if (down !== true) break;
  }
  const clip = (index: number): number => Math.min(length, Math.max(0, index < 0 ? index + length : index));
  return { low: clip(place - radius), high: clip(place + radius + 1) - 1, radius };
}
