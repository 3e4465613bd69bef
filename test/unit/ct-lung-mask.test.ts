import { describe, expect, it } from 'vitest';
import { lungMask } from '../../dist/ct/index.js';
import { blockChest } from '../support/blockChest.js';

describe('the lung mask', () => {
  const { volume } = blockChest();
  const mask = lungMask(volume);
  const at = (i: number, r: number, c: number) => mask[(i * 60 + r) * 80 + c];

  it('has both lungs, and neither the wall, the air outside nor the bowel', () => {
    expect([at(5, 45, 20), at(5, 45, 60)]).toEqual([1, 1]);
    expect([at(5, 45, 4), at(5, 0, 0), at(5, 54, 40), at(0, 30, 20)]).toEqual([0, 0, 0, 0]);
  });
  it('takes in a nodule within a lung and one that sits on its wall', () => {
    expect([at(5, 30, 25), at(5, 25, 8)]).toEqual([1, 1]);
  });
  it('is empty where there is no air inside', () => {
    expect(lungMask({ ...volume, voxels: new Int16Array(mask.length).fill(40) }).includes(1)).toBe(false);
  });
  it('reads HU through scale and offset', () => {
    const stored = { ...volume, voxels: volume.voxels.map((hu) => (hu + 1000) / 2), scale: 2, offset: -1000 };
    expect(lungMask(stored)).toEqual(mask);
  });
});
