import { identityDirection, type Volume } from '../../dist/ct/index.js';

const shape = [10, 60, 80] as const;
const nodules = [
  { centerIRC: [5, 30, 25] as const, diameterMm: 10 },
  { centerIRC: [5, 25, 8] as const, diameterMm: 8 },
];

/** A block of soft tissue in air with two air-filled lungs and a bowel; one nodule lies free, one at the outer wall. */
export function blockChest(): { volume: Volume; nodules: typeof nodules } {
  const voxels = new Int16Array(shape[0] * shape[1] * shape[2]).fill(-1000);
  const box = (hu: number, [i0, i1]: number[], [r0, r1]: number[], [c0, c1]: number[]) => {
    for (let i = i0!; i < i1!; i++)
      for (let r = r0!; r < r1!; r++) voxels.fill(hu, (i * 60 + r) * 80 + c0!, (i * 60 + r) * 80 + c1!);
  };
  box(40, [0, 10], [2, 58], [2, 78]);
  box(-850, [1, 9], [8, 52], [6, 36]);
  box(-850, [1, 9], [8, 52], [44, 74]);
  box(-900, [4, 6], [53, 55], [38, 42]);
  for (const { centerIRC, diameterMm } of nodules) {
    for (let v = 0; v < voxels.length; v++) {
      const [i, r, c] = [Math.floor(v / 4800), Math.floor(v / 80) % 60, v % 80] as [number, number, number];
      const squared = ((i - centerIRC[0]) * 2) ** 2 + (r - centerIRC[1]) ** 2 + (c - centerIRC[2]) ** 2;
      if (squared <= (diameterMm / 2) ** 2) voxels[v] = 40;
    }
  }
  const volume: Volume = {
    voxels,
    intensity: 'hu',
    shape,
    spacing: [1, 1, 2],
    origin: [0, 0, 0],
    direction: identityDirection,
    uid: 'chest',
    scale: 1,
    offset: 0,
  };
  return { volume, nodules };
}
