import { indexIRC, indexToWorld, type Matrix3, type Vector3, type Volume } from '../../dist/ct/index.js';

/** Another order of axes: new axis n is old axis `order[n]` (0 columns, 1 rows, 2 slices), reversed if `flipped[n]`. */
export interface Layout {
  name: string;
  order: Vector3;
  flipped: readonly [boolean, boolean, boolean];
}

/** All 48: six orders of the axes, each axis forwards or backwards. */
export const layouts: Layout[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
].flatMap((order) =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => ({
    name: `${order.join('')}-${bits}`,
    order: order as unknown as Vector3,
    flipped: [(bits & 1) > 0, (bits & 2) > 0, (bits & 4) > 0] as const,
  })),
);

/** The same scan, stored in another order of its voxels: every value keeps its place in the patient. */
export const reoriented = (volume: Volume, { order, flipped }: Layout): Volume => {
  const sizes = volume.shape.toReversed();
  const steps = [1, sizes[0]!, sizes[0]! * sizes[1]!];
  const [columns, rows, slices] = order.map((axis) => sizes[axis]!) as [number, number, number];
  const voxels = new Int16Array(volume.voxels.length);
  const oldIndex = (axis: number, at: number) =>
    (flipped[axis] ? sizes[order[axis]!]! - 1 - at : at) * steps[order[axis]!]!;
  for (let k = 0, to = 0; k < slices; k++)
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++, to++)
        voxels[to] = volume.voxels[oldIndex(0, i) + oldIndex(1, j) + oldIndex(2, k)]!;
  const first: [number, number, number] = [0, 0, 0];
  flipped.forEach((is, axis) => {
    if (is) first[order[axis]!] = sizes[order[axis]!]! - 1;
  });
  const [x, y, z] = indexToWorld(volume, indexIRC(first[2], first[1], first[0]));
  return {
    ...volume,
    voxels,
    shape: [slices, rows, columns],
    spacing: order.map((axis) => volume.spacing![axis]!) as unknown as Vector3,
    origin: [x, y, z],
    direction: volume.direction.map((row) =>
      order.map((axis, n) => (flipped[n] ? 0 - row[axis]! : row[axis]!)),
    ) as unknown as Matrix3,
  };
};

/** Where in the patient each value of a scan of unequal values lies, in the order of the values. */
export const placesOfValues = (volume: Volume): Vector3[] => {
  const [, rows, columns] = volume.shape;
  return Array.from(volume.voxels, (value, at) => ({ value, at }))
    .toSorted((a, b) => a.value - b.value)
    .map(({ at }) =>
      indexToWorld(volume, indexIRC(Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns)),
    );
};
