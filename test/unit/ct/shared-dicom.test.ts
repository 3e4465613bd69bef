import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listSeries, readVolume } from '../../../dist/ct/index.js';
import { sharedData } from '../../support/shared.js';
import { rangeOf, type SharedScan, sha256Of, sharedScans } from '../../support/sharedScans.js';

interface Case extends SharedScan {
  folder: string;
  uid: string;
}

const cases = sharedScans<Case>('shared-dicom');

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
    expect(rangeOf(volume.voxels)).toEqual(one.range);
    expect(sha256Of(volume.voxels)).toBe(one.sha256);
  });

  it('LIDC-IDRI-0001 equals its MetaImage in LUNA16, in every voxel and position', async () => {
    const uid = '1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192';
    const dicom = await readVolume(path.join(data as string, 'dicom/LIDC-IDRI-0001'));
    const meta = await readVolume(path.join(data as string, `luna16/subset1/${uid}.mhd`), { intensity: 'hu' });
    // Only DICOM has the UIDs of its slices and of its frame of reference.
    const image = { ...dicom, voxels: null, sliceUids: undefined, frameOfReferenceUid: undefined };
    expect(image).toEqual({ ...meta, voxels: null });
    expect(sha256Of(dicom.voxels)).toBe(sha256Of(meta.voxels));
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
    expect(sha256Of((await readVolume(dir, { series: slab.uid })).voxels)).toBe(slab.sha256);
  });
});
