import type { Volume } from '../../dist/ct/index.js';
import { buildVolume } from './volume.js';

/** Voxels of `rampVolume`, all different. */
export const ramp = Int16Array.from({ length: 60 }, (_, k) => k * 40 - 1024);

/** A small scan with permuted and flipped axes; float32 holds its spacing and origin exactly, as NIfTI stores them. */
export const rampVolume: Volume = buildVolume([3, 4, 5], ramp, {
  spacing: [0.703125, 0.75, 1.25],
  origin: [-1.5, 2.25, 0.5],
  direction: [
    [0, 0, 1],
    [1, 0, 0],
    [0, -1, 0],
  ],
  uid: 'again',
});
