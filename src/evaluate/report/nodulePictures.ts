import { greySlice, outlinePicture, type Volume } from '../../ct/index.js';
import type { ScanNodule } from '../../data/index.js';

/** PNG files of one nodule: its slice, and around it enlarged without and with outlines. */
export interface NodulePictures {
  slice: Uint8Array;
  plain: Uint8Array;
  outlined: Uint8Array;
  /** Of the volume, from 0. */
  sliceNumber: number;
}

const labelColour = [255, 176, 0] as const;
const predictionColour = [64, 176, 255] as const;

/** What the colours are, for people. */
export const outlineLegend = 'amber: edge of the label; blue: edge of the prediction; white: both run there';

/** Pixels that a picture has to a side, about. */
const side = 280;
/** An enlarged window has so many voxels to a side. */
const [leastWindow, mostWindow] = [32, 96];

/**
 * Pictures of a nodule in the slice where it has most labelled voxels (else that of its point).
 * @param truth not 0 where there is nodule, `[slices, rows, columns]`
 * @param prediction not 0 where the model has nodule
 */
export function nodulePictures(
  volume: Volume,
  truth: Uint8Array,
  prediction: Uint8Array,
  { center, box, slices }: ScanNodule,
): NodulePictures {
  const [depth, rows, columns] = volume.shape;
  const most = slices.reduce((best, one) => (one.voxels > best.voxels ? one : best), {
    slice: Math.min(depth - 1, Math.max(0, center[0])),
    row: center[1],
    column: center[2],
    voxels: 0,
  });
  const plane = rows * columns;
  const of = (mask: Uint8Array) => mask.subarray(most.slice * plane, (most.slice + 1) * plane);
  const plain = { grey: greySlice(volume, most.slice), rows, columns };
  const marked = {
    ...plain,
    outlines: [
      { set: of(truth), colour: labelColour },
      { set: of(prediction), colour: predictionColour },
    ],
    meeting: [255, 255, 255] as const,
  };
  const extent = Math.max(box.high[1] - box.low[1], box.high[2] - box.low[2]) + 1;
  const wide = Math.min(mostWindow, Math.max(leastWindow, Math.ceil(2.5 * extent)));
  const around = { top: most.row - (wide >> 1), left: most.column - (wide >> 1), high: wide, wide };
  const zoom = Math.max(2, Math.round(side / wide));
  const longest = Math.max(rows, columns);
  const whole = longest > side ? 1 / Math.ceil(longest / (side + 40)) : Math.max(1, Math.floor(side / longest));
  return {
    slice: outlinePicture(marked, { top: 0, left: 0, high: rows, wide: columns }, whole),
    plain: outlinePicture(plain, around, zoom),
    outlined: outlinePicture(marked, around, zoom),
    sliceNumber: most.slice,
  };
}
