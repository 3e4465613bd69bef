import { checkSameGrid } from './checkSameGrid.js';
import { indexIRC, indexToWorld, worldToIndex } from './geometry.js';
import type { Geometry, Vector3, Volume } from './volume.js';

/**
 * Checks that an image of some `kind` has the voxels of its scan, in any order of the axes and in either direction of
 * each: programs that convert DICOM store the same voxels from other corners. An image whose voxels lie elsewhere is
 * refused as by `checkSameGrid`.
 * @throws NoduleTrainError `mask-shape`, `mask-grid`
 */
export function checkSameVoxels(kind: string, path: string, image: Geometry, volume: Volume): void {
  const turned = turnedLike(image, volume);
  checkSameGrid(kind, path, turned ?? image, volume);
}

/** The grid of the image with its axes in the order and direction of the volume's, null where they are not parallel. */
function turnedLike(image: Geometry, volume: Geometry): Geometry | null {
  if (image.spacing === null || volume.spacing === null) return null;
  const first = worldToIndex(volume, indexToWorld(image, indexIRC(0, 0, 0)));
  // Which axis of the volume each axis of the image runs along, and in which direction.
  const steps = [0, 1, 2].map((axis) => {
    const [i, r, c] = [0, 1, 2].map((each) => (each === axis ? 1 : 0)) as [number, number, number];
    const step = worldToIndex(volume, indexToWorld(image, indexIRC(i, r, c))).map((at, n) =>
      Math.round(at - first[n]!),
    );
    const along = step.findIndex((by) => Math.abs(by) === 1);
    return { along, by: step[along] ?? 0, single: step.reduce((sum, by) => sum + Math.abs(by), 0) === 1 };
  });
  if (!steps.every(({ single }) => single) || new Set(steps.map(({ along }) => along)).size < 3) return null;
  const axisOf = [0, 1, 2].map((wanted) => steps.findIndex(({ along }) => along === wanted)) as [
    number,
    number,
    number,
  ];
  const shape = axisOf.map((axis) => image.shape[axis]!) as unknown as Vector3;
  const start = image.shape.map((extent, axis) => (steps[axis]!.by < 0 ? extent - 1 : 0)) as unknown as Vector3;
  // Spacing and the columns of the direction are in the order x, y, z: of columns, rows and slices.
  const xyz = [2, 1, 0].map((wanted) => axisOf[wanted]!);
  return {
    shape,
    spacing: xyz.map((axis) => image.spacing![2 - axis]!) as unknown as Vector3,
    origin: [...indexToWorld(image, indexIRC(...start))] as unknown as Vector3,
    direction: image.direction.map((row) =>
      xyz.map((axis) => row[2 - axis]! * steps[axis]!.by),
    ) as unknown as Geometry['direction'],
  };
}
