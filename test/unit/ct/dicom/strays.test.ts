import { describe, expect, it } from 'vitest';
import { findScans, listSeries } from '../../../../dist/ct/index.js';
import { type Fields, sliceFields } from '../../../support/dicomBytes.mjs';
import { add, read, scout, series, several, shifted, stack } from '../../../support/dicomSeries.js';

const capture = '1.2.840.10008.5.1.4.1.1.7';
const sagittal: Fields = { ImageOrientationPatient: [0, 1, 0, 0, 0, -1], ImagePositionPatient: [0, 0, 0] };
const stray = (over: Fields): Fields => sliceFields(stack, 0, { SOPInstanceUID: '1.2.99', ...over });

describe('images that are not of the stack', () => {
  it.each<[string, Fields, string]>([
    ['a scout', { ...sagittal, ...scout }, '1 localizers (ImageType)'],
    ['a scout that is not called one', sagittal, '1 images of another ImageOrientationPatient (0020,0037)'],
    ['a colour page', { PhotometricInterpretation: 'RGB', SamplesPerPixel: 3 }, '1 colour images'],
    ['a screen capture', { SOPClassUID: capture }, '1 secondary captures (SOPClassUID)'],
    [
      'a page without a position',
      { ImagePositionPatient: undefined, ImageOrientationPatient: undefined, Rows: 2, Columns: 6 },
      '1 images without ImagePositionPatient (0020,0032)',
    ],
    ['a larger image', { Rows: 2, Columns: 6 }, '1 images of another size'],
    ['a report', { PixelData: undefined, Modality: 'SR' }, 'without an image: 1 structured report (SR)'],
  ])('are left out of the series with a note: %s', async (_what, over, note) => {
    const dir = await series();
    await add(dir, 'stray', stray(over));
    const { voxels, notes } = await read(dir);
    expect(voxels).toEqual(shifted);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(note);
    expect((await findScans([dir])).scans).toHaveLength(1);
  });

  it('do not halve a series of two volumes', async () => {
    const dir = await series();
    for (let k = 0; k < 3; k++)
      await add(dir, `s${k}`, stray({ ...sagittal, SOPInstanceUID: `1.2.9${k}`, ImagePositionPatient: [k, 0, 0] }));
    await expect(read(dir)).rejects.toMatchObject({ code: 'dicom-slices' });
  });

  it('are one of the slices where the stack would have a gap without it', async () => {
    const dir = await series({ over: (k) => (k === 2 ? { ImageOrientationPatient: [0, 1, 0, 1, 0, 0] } : {}) });
    await expect(read(dir)).rejects.toMatchObject({ code: 'dicom-slices' });
  });
});

describe('secondary captures with positions', () => {
  it('are the slices of a CT, as SimpleITK writes them', async () => {
    const over = { SOPClassUID: capture, PixelSpacing: undefined, '(0018,2010) DS': [0.5, 0.75] };
    const dir = await series({ over: () => over });
    const { volume, voxels, notes } = await read(dir);
    expect(voxels).toEqual(shifted);
    expect(volume.spacing).toEqual([0.75, 0.5, 2.5]);
    expect(notes.join()).toContain('its images are secondary captures with positions');
    expect((await listSeries(dir))[0]).toMatchObject({ modality: 'CT', slices: 5, leftOut: 0 });
    expect((await findScans([dir])).scans).toHaveLength(1);
  });

  it('of another modality are read only if their series is named', async () => {
    const dir = await series({ over: () => ({ SOPClassUID: capture, Modality: 'OT' }) });
    await expect(read(dir)).rejects.toMatchObject({
      code: 'dicom-series',
      message: expect.stringMatching(
        /none of its series is a scan\. Choose one by its UID \(series\).*1\.2\.3\.4 \(OT/,
      ),
    });
    expect((await read(dir, { series: '1.2.3.4' })).voxels).toEqual(shifted);
    expect((await findScans([dir], { series: '1.2.3.4' })).scans).toHaveLength(1);
  });

  it('are not chosen beside a series of slices', async () => {
    const dir = await several(['1.2.1', { SOPClassUID: capture }], ['1.2.2', {}]);
    expect((await read(dir)).volume.uid).toBe('1.2.2');
    expect((await findScans([dir])).scans.map(({ series: uid }) => uid)).toEqual(['1.2.2']);
  });
});
