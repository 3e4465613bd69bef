import type { Volume } from '../../dist/ct/index.js';
import { buildVolume } from './volume.js';

const shape = [10, 60, 80] as const;
const nodules = [
  { centerIRC: [5, 30, 25] as const, diameterMm: 10 },
  { centerIRC: [5, 25, 8] as const, diameterMm: 8 },
];

/** Fills a box of voxels; each pair is the first index and one past the last: slices, rows, columns. */
export function fillBox(
  { voxels, shape: [, rows, columns] }: Pick<Volume, 'voxels' | 'shape'>,
  hu: number,
  [i0, i1]: readonly [number, number],
  [r0, r1]: readonly [number, number],
  [c0, c1]: readonly [number, number],
): void {
  for (let i = i0; i < i1; i++) {
    for (let r = r0; r < r1; r++) voxels.fill(hu, (i * rows + r) * columns + c0, (i * rows + r) * columns + c1);
  }
}

/** A block of soft tissue in air with two air-filled lungs and a bowel; one nodule lies free, one at the outer wall. */
export function blockChest(): { volume: Volume; nodules: typeof nodules } {
  const volume = buildVolume(shape, -1000, { spacing: [1, 1, 2], uid: 'chest' });
  const { voxels } = volume;
  fillBox(volume, 40, [0, 10], [2, 58], [2, 78]);
  fillBox(volume, -850, [1, 9], [8, 52], [6, 36]);
  fillBox(volume, -850, [1, 9], [8, 52], [44, 74]);
  fillBox(volume, -900, [4, 6], [53, 55], [38, 42]);
  for (const { centerIRC, diameterMm } of nodules) {
    for (let v = 0; v < voxels.length; v++) {
      const [i, r, c] = [Math.floor(v / 4800), Math.floor(v / 80) % 60, v % 80] as [number, number, number];
      const squared = ((i - centerIRC[0]) * 2) ** 2 + (r - centerIRC[1]) ** 2 + (c - centerIRC[2]) ** 2;
      if (squared <= (diameterMm / 2) ** 2) voxels[v] = 40;
    }
  }
  return { volume, nodules };
}
