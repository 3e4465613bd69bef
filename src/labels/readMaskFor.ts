import { readMask, type Volume } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/error.js';

/** The values of an image of labels on the grid of `volume`. Throws 'mask-shape' where it does not fit, and what `readMask` throws. */
export const readMaskFor = async ({ shape, uid }: Volume, path: string): Promise<Uint8Array> => {
  const mask = await readMask(path);
  if (mask.shape.some((extent, axis) => extent !== shape[axis])) {
    throw new NoduleTrainError(
      'mask-shape',
      `reading the mask ${path}: it has [${mask.shape}] voxels, but its scan ${uid} [${shape}]; give the mask of this scan`,
    );
  }
  return mask.voxels;
};
