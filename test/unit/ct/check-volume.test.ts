import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { checkVolume, identityDirection, type Volume } from '../../../dist/ct/index.js';
import { NoduleTrainError } from '../../../dist/runtime/index.js';

const volume: Volume = {
  voxels: new Int16Array(24),
  shape: [2, 3, 4],
  spacing: [0.7, 0.7, 2],
  origin: [-10, 20, 30],
  direction: identityDirection,
  intensity: 'hu',
  uid: 'scan',
  scale: 1,
  offset: 0,
};
const check = (change: object) => () => checkVolume({ ...volume, ...change }, 'segmenting a scan');
const transferred = (): Int16Array => {
  const voxels = new Int16Array(24);
  structuredClone(voxels.buffer, { transfer: [voxels.buffer] });
  return voxels;
};

describe('checkVolume', () => {
  it('returns the fields of a volume alone', () => {
    expect(checkVolume({ ...volume, note: () => {} }, 'x')).toEqual(volume);
    const uids = { ...volume, sliceUids: ['1', '2'], spacing: null };
    expect(checkVolume(uids, 'x')).toEqual(uids);
  });

  it('accepts shared memory, a part of a buffer, and arrays of another realm', () => {
    for (const voxels of [
      new Int16Array(new SharedArrayBuffer(48)),
      new Int16Array(100).subarray(50, 74),
      runInNewContext('new Int16Array(24)') as Int16Array,
    ])
      expect(checkVolume({ ...volume, voxels }, 'x').voxels).toBe(voxels);
  });

  it.each([
    ['the voxels a list of 24', { voxels: Array(24).fill(0) }],
    ['the voxels an object', { voxels: new Float32Array(24) }],
    ['23 voxels', { voxels: new Int16Array(23) }],
    ['0 voxels', { voxels: transferred() }],
    ['the shape [6, 4]', { shape: [6, 4] }],
    ['the shape [0, 3, 4]', { shape: [0, 3, 4], voxels: new Int16Array(0) }],
    ['the spacing [NaN, 1, 1]', { spacing: [Number.NaN, 1, 1] }],
    ['the spacing [0, 1, 1]', { spacing: [0, 1, 1] }],
    ['the spacing undefined', { spacing: undefined }],
    ['the origin [0, Infinity, 0]', { origin: [0, Number.POSITIVE_INFINITY, 0] }],
    ['the direction undefined', { direction: undefined }],
    // All three axes in one plane: no position has an index.
    ['the direction [[1, 0, 0]', { direction: [[1, 0, 0], [0, 1, 0], [0, 0, 0]] }], // biome-ignore format: a matrix
    ['the intensity "HU"', { intensity: 'HU' }],
    ['the uid undefined', { uid: undefined }],
    ['the scale -1', { scale: -1 }],
    ['the offset undefined', { offset: undefined }],
    ['the sliceUids ["1"]', { sliceUids: ['1'] }],
  ])('refuses %s', (found, change) => {
    expect(check(change)).toThrow(`segmenting a scan: found ${found}`);
    expect(check(change)).toThrow(NoduleTrainError);
  });

  it.each([[null], [undefined], [3], [new URL('file:///scan.mha')]])('refuses %j for a volume', (given) => {
    expect(() => checkVolume(given, 'segmenting a scan')).toThrow(/^segmenting a scan: found the (scan|voxels) /);
  });
});
