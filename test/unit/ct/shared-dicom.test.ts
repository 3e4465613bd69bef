import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listSeries, readVolume, type Volume } from '../../../dist/ct/index.js';
import { sharedData } from '../../support/shared.js';

interface Case {
  folder: string;
  uid: string;
  size: number[];
  spacing: number[];
  origin: number[];
  direction: number[][];
  range: [number, number];
  sha256: string;
}

const table = path.join(import.meta.dirname, '../../golden/shared-dicom.json');
const { cases } = JSON.parse(readFileSync(table, 'utf8')) as { cases: Case[] };

const sha256 = ({ voxels }: Volume) =>
  createHash('sha256')
    .update(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength))
    .digest('hex');
const rangeOf = ({ voxels }: Volume) => {
  let [min, max] = [32767, -32768];
  for (const value of voxels) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
};

const data = sharedData();
describe.skipIf(data === null)('every real DICOM series (skipped without ../shared/data)', { timeout: 60_000 }, () => {
  it.each(cases.map((one) => [one.folder, one] as const))('reads as SimpleITK reads it: %s', async (folder, one) => {
    const notes: string[] = [];
    const volume = await readVolume(path.join(data as string, folder), { onNote: (text) => notes.push(text) });
    expect(volume.shape.toReversed()).toEqual(one.size);
    const { spacing, origin, direction, uid, scale, offset, intensity } = volume;
    expect({ spacing, origin, direction, uid }).toEqual({
      spacing: one.spacing,
      origin: one.origin,
      direction: one.direction,
      uid: one.uid,
    });
    expect({ scale, offset, intensity, notes }).toEqual({ scale: 1, offset: 0, intensity: 'hu', notes: [] });
    expect(rangeOf(volume)).toEqual(one.range);
    expect(sha256(volume)).toBe(one.sha256);
  });

  it('LIDC-IDRI-0001 equals its MetaImage in LUNA16, in every voxel and position', async () => {
    const uid = '1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192';
    const dicom = await readVolume(path.join(data as string, 'dicom/LIDC-IDRI-0001'));
    const meta = await readVolume(path.join(data as string, `luna16/subset1/${uid}.mhd`), { intensity: 'hu' });
    // Only DICOM has the UIDs of its slices.
    expect({ ...dicom, voxels: null, sliceUids: undefined }).toEqual({ ...meta, voxels: null });
    expect(sha256(dicom)).toBe(sha256(meta));
  });

  it('is listed, and one series of a folder tree is chosen by its UID', async () => {
    const dir = path.join(data as string, 'dicom');
    const all = await listSeries(dir);
    const listed = all.map(({ uid, modality, slices, columns, rows }) => ({
      uid,
      modality,
      size: [columns, rows, slices],
    }));
    expect(listed).toEqual(cases.map(({ uid, size }) => ({ uid, modality: 'CT', size })));
    const slab = cases.find(({ folder }) => folder.endsWith('slab'))!;
    expect(sha256(await readVolume(dir, { series: slab.uid }))).toBe(slab.sha256);
  });
});
