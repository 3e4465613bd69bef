import { NoduleTrainError } from '../../runtime/index.js';
import { indexIRC, indexToWorld, worldToIndex } from './geometry.js';
import type { Geometry, Volume } from './volume.js';

/** Half a voxel at the corners: headers of different programs round their figures, but a grid that is off by more marks other voxels. */
const tolerance = 0.5;

/**
 * Refuses a `kind` of image (mask, prediction) that does not lie voxel on voxel on its scan: 'mask-shape', 'mask-grid'. Where
 * either does not know its spacing only the shapes are compared.
 */
export const checkSameGrid = (kind: string, path: string, image: Geometry, volume: Volume): void => {
  const { shape, uid } = volume;
  if (image.shape.some((extent, axis) => extent !== shape[axis])) {
    throw new NoduleTrainError(
      'mask-shape',
      `reading the ${kind} ${path}: it has [${image.shape}] voxels, but its scan ${uid} [${shape}]; give the ${kind} of this scan`,
    );
  }
  if (image.spacing === null || volume.spacing === null) return;
  for (let corner = 0; corner < 8; corner++) {
    const [i, r, c] = shape.map((extent, axis) => ((corner >> axis) & 1) * (extent - 1)) as [number, number, number];
    const [fi, fr, fc] = worldToIndex(volume, indexToWorld(image, indexIRC(i, r, c)));
    if (Math.max(Math.abs(fi - i), Math.abs(fr - r), Math.abs(fc - c)) <= tolerance) continue;
    throw new NoduleTrainError(
      'mask-grid',
      `laying the ${kind} ${path} on its scan ${uid}: its voxel [${i}, ${r}, ${c}] lies at [${[fi, fr, fc].map((place) => place.toFixed(2)).join(', ')}] of the scan; wanted is the scan's own grid (spacing, origin and direction): resample the ${kind}, or give the scan that it was made on`,
    );
  }
};
