import type { Volume } from '../../dist/ct/index.js';

/** Voxels of `rampVolume`, all different. */
export const ramp = Int16Array.from({ length: 60 }, (_, k) => k * 40 - 1024);

/** A small scan with permuted and flipped axes; float32 holds its spacing and origin exactly, as NIfTI stores them. */
export const rampVolume: Volume = {
  shape: [3, 4, 5],
  spacing: [0.703125, 0.75, 1.25],
  origin: [-1.5, 2.25, 0.5],
  direction: [
    [0, 0, 1],
    [1, 0, 0],
    [0, -1, 0],
  ],
  voxels: ramp,
  intensity: 'hu',
  uid: 'again',
  scale: 1,
  offset: 0,
};
