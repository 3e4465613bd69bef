import { NoduleTrainError } from '../../runtime/index.js';
import { indexIRC, indexToWorld, worldToIndex } from './geometry.js';
import type { Geometry, Volume } from './volume.js';

/**
 * In voxels, at the corners: programs round the figures of their headers, but a grid that is off by more marks other
 * voxels.
 */
export const sameGridTolerance = 0.5;

/**
 * Checks that an image of some `kind` (mask, prediction) has the grid of its scan, voxel by voxel. Where the spacing of
 * either is unknown, only the shapes are compared.
 * @throws NoduleTrainError `mask-shape`, `mask-grid`
 */
export const checkSameGrid = (kind: string, path: string, image: Geometry, volume: Volume): void => {
  const fault = gridFault(kind, path, image, volume);
  if (fault !== null) throw fault;
};

/** What `checkSameGrid` throws; null where the grids are the same. */
export const gridFault = (kind: string, path: string, image: Geometry, volume: Volume): NoduleTrainError | null => {
  const { shape, uid } = volume;
  const advice = volume.resampled
    ? `The scan was resampled, so a ${kind} on the voxels of its file no longer fits: convert the scan with ` +
      `--resample first, and give a ${kind} made on the result.`
    : null;
  if (image.shape.some((extent, axis) => extent !== shape[axis])) {
    return new NoduleTrainError(
      'mask-shape',
      `reading the ${kind} ${path}: it has [${image.shape}] voxels, expected the [${shape}] of its scan ${uid}. ` +
        (advice ?? `Give the ${kind} of this scan.`),
    );
  }
  if (image.spacing === null || volume.spacing === null) return null;
  for (let corner = 0; corner < 8; corner++) {
    const [i, r, c] = shape.map((extent, axis) => ((corner >> axis) & 1) * (extent - 1)) as [number, number, number];
    const [fi, fr, fc] = worldToIndex(volume, indexToWorld(image, indexIRC(i, r, c)));
    if (Math.max(Math.abs(fi - i), Math.abs(fr - r), Math.abs(fc - c)) <= sameGridTolerance) continue;
    return new NoduleTrainError(
      'mask-grid',
      `matching the ${kind} ${path} to its scan ${uid}: its voxel [${i}, ${r}, ${c}] lies at index ` +
        `[${[fi, fr, fc].map((place) => place.toFixed(2)).join(', ')}] of the scan, expected the scan's own grid ` +
        `(spacing, origin and direction). ${advice ?? `Resample the ${kind}, or give the scan it was made on.`}`,
    );
  }
  return null;
};
