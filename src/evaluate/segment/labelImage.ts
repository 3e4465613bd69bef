import { voxelCount } from '../../ct/index.js';
import type { NoduleRegion } from '../../model/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { SegmentResult } from './segmentEvents.js';

/** Most nodules that a label image of int16 can number. */
const MOST_LABELS = 32767;

type Labelled = Pick<SegmentResult, 'grid'> & { regions: readonly NoduleRegion[] };

/**
 * Returns the instances of a result: 0 in the background, else the nodule's number; `[slices, rows, columns]`, in bytes
 * as far as they suffice.
 * @throws NoduleTrainError `labels` for more than 32,767 nodules
 */
export function labelImage({ grid, regions }: Labelled): Uint8Array | Int16Array {
  if (regions.length > MOST_LABELS)
    throw new NoduleTrainError(
      'labels',
      `making a label image: found ${regions.length} nodules, expected at most ${MOST_LABELS}. ` +
        'Raise --minimum-score or --minimum-voxels.',
    );
  const labels = new (regions.length > 255 ? Int16Array : Uint8Array)(voxelCount(grid.shape));
  for (const { number, positions } of regions) for (const at of positions) labels[at] = number;
  return labels;
}

/** Returns the semantic mask of a result: 1 inside nodules, `[slices, rows, columns]`. */
export function semanticMask({ grid, regions }: Labelled): Uint8Array {
  const mask = new Uint8Array(voxelCount(grid.shape));
  for (const { positions } of regions) for (const at of positions) mask[at] = 1;
  return mask;
}
