import { greySlice, outlinePicture, type Volume } from '../../ct/index.js';
import type { ScanNodule } from '../../data/index.js';

/** PNG files of one nodule: its whole slice, and its enlarged surroundings without and with outlines. */
export interface NodulePictures {
  slice: Uint8Array;
  plain: Uint8Array;
  outlined: Uint8Array;
  /** Index in the volume, from 0. */
  sliceNumber: number;
}

const LABEL_COLOUR = [255, 176, 0] as const;
const PREDICTION_COLOUR = [64, 176, 255] as const;
const SHARED_COLOUR = [255, 255, 255] as const;

/** Legend of the outlines. */
export const OUTLINE_LEGEND = 'amber for the label, blue for the prediction, white where both coincide';

/** Approximate side of a picture in pixels. */
const SIDE = 280;
/** Smallest and largest side of the enlarged window, in voxels. */
const [MIN_WINDOW, MAX_WINDOW] = [32, 96];

/**
 * Draws a nodule in the slice with the most labelled voxels, or in the slice of its centre if it has no label.
 * @param truth not 0 inside true nodules, `[slices, rows, columns]`
 * @param prediction not 0 inside predicted nodules
 */
export function nodulePictures(
  volume: Volume,
  truth: Uint8Array,
  prediction: Uint8Array,
  { center, box, slices }: ScanNodule,
): NodulePictures {
  const [depth, rows, columns] = volume.shape;
  const shown = slices.reduce((best, one) => (one.voxels > best.voxels ? one : best), {
    slice: Math.min(depth - 1, Math.max(0, center[0])),
    row: center[1],
    column: center[2],
    voxels: 0,
  });
  const plane = rows * columns;
  const inSlice = (mask: Uint8Array) => mask.subarray(shown.slice * plane, (shown.slice + 1) * plane);
  const plain = { grey: greySlice(volume, shown.slice), rows, columns };
  const outlines = [
    { set: inSlice(truth), colour: LABEL_COLOUR },
    { set: inSlice(prediction), colour: PREDICTION_COLOUR },
  ];
  const marked = { ...plain, outlines, meeting: SHARED_COLOUR };
  const extent = Math.max(box.high[1] - box.low[1], box.high[2] - box.low[2]) + 1;
  const wide = Math.min(MAX_WINDOW, Math.max(MIN_WINDOW, Math.ceil(2.5 * extent)));
  const around = { top: shown.row - (wide >> 1), left: shown.column - (wide >> 1), high: wide, wide };
  const zoom = Math.max(2, Math.round(SIDE / wide));
  const longest = Math.max(rows, columns);
  const whole = longest > SIDE ? 1 / Math.ceil(longest / (SIDE + 40)) : Math.max(1, Math.floor(SIDE / longest));
  return {
    slice: outlinePicture(marked, { top: 0, left: 0, high: rows, wide: columns }, whole),
    plain: outlinePicture(plain, around, zoom),
    outlined: outlinePicture(marked, around, zoom),
    sliceNumber: shown.slice,
  };
}
