import type { IndexIRC, Shape3, Vector3 } from '../../ct/index.js';

/** Lowest and highest index that a box takes in along one axis, both included; nothing where low is above high. */
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

/** The smallest radius of the book's search. */
const bookLeast = 2;

/** Until either side meets air; beyond the volume's edge the other side alone decides. The box stays in the volume. */
export const traceBothSides = (line: Line): Side => {
  const [place, length] = [line.center[line.axis], line.shape[line.axis]];
  const at = along(line);
  let radius = bookLeast;
  for (; ; radius++) {
    const sides = [place + radius, place - radius].filter((side) => side >= 0 && side < length);
    if (sides.length === 0) {
      radius--;
      break;
    }
    if (!sides.every((side) => line.dense(at(side)))) break;
  }
  return { low: Math.max(0, place - radius), high: Math.min(length - 1, place + radius), radius };
};

/** Each side by itself, until air (that voxel included, as the book does) or `limit` voxels away; at least one voxel. */
export const traceEachSide = (line: Line, limit: number): Side => {
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
};

/**
 * The book's search and box as Python's indexing makes them: a negative index reads from the far end, an index beyond an
 * end (of any axis) stops the search one voxel earlier, and a box that begins below 0 begins at the far end, so it is
 * empty or lies elsewhere.
 */
export const traceWrapping = (line: Line): Side => {
  const { center, shape, axis, dense } = line;
  const [place, length] = [center[axis], shape[axis]];
  const wrapped = center.map((other, k) => (other < 0 ? other + shape[k]! : other)) as unknown as IndexIRC;
  const at = along({ ...line, center: wrapped });
  const offGrid = wrapped.some((other, k) => k !== axis && (other < 0 || other >= shape[k]!));
  const read = (index: number): boolean | null => {
    const position = index < 0 ? index + length : index;
    return offGrid || position < 0 || position >= length ? null : dense(at(position));
  };
  let radius = bookLeast;
  for (; ; radius++) {
    const up = read(place + radius);
    const down = up === true ? read(place - radius) : up;
    if (down === null) radius--;
    if (down !== true) break;
  }
  const clip = (index: number): number => Math.min(length, Math.max(0, index < 0 ? index + length : index));
  return { low: clip(place - radius), high: clip(place + radius + 1) - 1, radius };
};
