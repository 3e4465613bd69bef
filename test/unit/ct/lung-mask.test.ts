import { describe, expect, it } from 'vitest';
import { lungMask, readVolume, type Volume } from '../../../dist/ct/index.js';
import { blockChest, fillBox } from '../../support/blockChest.js';
import { sharedData } from '../../support/shared.js';

/** The block chest with `margin` voxels of room air on every side of its slices. */
function inRoom(margin: number): Volume {
  const { volume } = blockChest();
  const [slices, rows, columns] = volume.shape;
  const shape = [slices, rows + 2 * margin, columns + 2 * margin] as const;
  const voxels = new Int16Array(shape[0] * shape[1] * shape[2]).fill(-1000);
  for (let line = 0; line < slices * rows; line++) {
    const row = volume.voxels.subarray(line * columns, (line + 1) * columns);
    const at = (Math.floor(line / rows) * shape[1] + (line % rows) + margin) * shape[2] + margin;
    voxels.set(row, at);
  }
  return { ...volume, shape, voxels };
}

/** Columns `first` up to `last` of a volume, all its slices and rows. */
function columnsOf(volume: Volume, first: number, last: number): Volume {
  const [slices, rows, columns] = volume.shape;
  const voxels = new Int16Array(slices * rows * (last - first));
  for (let line = 0; line < slices * rows; line++) {
    voxels.set(volume.voxels.subarray(line * columns + first, line * columns + last), line * (last - first));
  }
  return { ...volume, shape: [slices, rows, last - first], voxels };
}

const millilitres = (mask: Uint8Array, [x, y, z]: readonly [number, number, number]) =>
  (mask.reduce((sum, voxel) => sum + voxel, 0) * x * y * z) / 1000;

describe('the lung mask', () => {
  const { volume } = blockChest();
  const mask = lungMask(volume);
  const at = (i: number, r: number, c: number) => mask[(i * 60 + r) * 80 + c];

  it('contains both lungs, but not the wall, the outside air or the bowel', () => {
    expect([at(5, 45, 20), at(5, 45, 60)]).toEqual([1, 1]);
    expect([at(5, 45, 4), at(5, 0, 0), at(5, 54, 40), at(0, 30, 20)]).toEqual([0, 0, 0, 0]);
  });
  it('includes a nodule inside a lung and one on its wall', () => {
    expect([at(5, 30, 25), at(5, 25, 8)]).toEqual([1, 1]);
  });
  it('is empty where there is no air inside', () => {
    expect(lungMask({ ...volume, voxels: new Int16Array(mask.length).fill(40) }).includes(1)).toBe(false);
  });
  it('reads HU through scale and offset', () => {
    const stored = { ...volume, voxels: volume.voxels.map((hu) => (hu + 1000) / 2), scale: 2, offset: -1000 };
    expect(lungMask(stored)).toEqual(mask);
  });
  it('keeps a lung cut by the side of the image, and not the room beside the patient', () => {
    // Columns 10 … 79: the right lung lies at the image's side, the room behind the left one's wall.
    const cut = lungMask(columnsOf(volume, 10, 80));
    const there = (c: number) => cut[(5 * 60 + 45) * 70 + c];
    expect([there(0), there(20), there(60), there(69)]).toEqual([1, 1, 1, 0]);
  });
  it('keeps lungs cut by the last slice', () => {
    const slices = 6;
    const cut = { ...volume, shape: [slices, 60, 80] as const, voxels: volume.voxels.slice(0, slices * 4800) };
    expect(lungMask(cut)).toEqual(mask.slice(0, slices * 4800));
  });
  it('excludes the foam of a table, open at the sides of the image or closed', () => {
    const tables = [
      [0, 120],
      [15, 105],
    ] as const;
    for (const [first, last] of tables) {
      const lying = inRoom(20);
      const alone = lungMask(lying);
      fillBox(lying, -250, [0, 10], [80, 98], [first, last]);
      const closed = first === 0 ? 0 : 3;
      fillBox(lying, -880, [0, 10], [83, 95], [first + closed, last - closed]);
      expect(lungMask(lying)).toEqual(alone);
      expect(alone.includes(1)).toBe(true);
    }
  });

  const luna = sharedData('luna16', 'subset1');
  it.skipIf(luna === null)(
    "finds a patient's lungs (LIDC-IDRI-0001) of a plausible volume, above the liver",
    async () => {
      const uid = '1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192';
      const scan = await readVolume(`${luna}/${uid}.mhd`, { intensity: 'hu' });
      const found = millilitres(lungMask(scan), scan.spacing!);
      expect(found).toBeGreaterThan(3000);
      expect(found).toBeLessThan(4500);
    },
  );
  const right = sharedData('formats', '3DCT_lung_followup.mha');
  it.skipIf(right === null)('finds a right lung alone, cut at its hilum and as dark as -950 HU', async () => {
    const scan = await readVolume(right!, { intensity: 'hu' });
    const found = millilitres(lungMask(scan), scan.spacing!);
    expect(found).toBeGreaterThan(3000);
    expect(found).toBeLessThan(4500);
  });
});
