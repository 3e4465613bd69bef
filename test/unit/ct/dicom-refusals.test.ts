import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readVolume } from '../../../dist/ct/index.js';
import { deflated, type Fields, patient, sliceFields } from '../../support/dicomBytes.mjs';
import { add, ramp, scout, scratch, series, several, stack, writeSeries } from '../../support/dicomSeries.js';

describe('a DICOM folder or file that is not a volume is refused', () => {
  const place = (k: number, x: number, y: number, z: number): Fields =>
    k === 2 ? { ImagePositionPatient: [x, y, z] } : {};
  const cases: [what: string, code: string, make: () => Promise<string>, message: RegExp][] = [
    ['a missing folder', 'scan-missing', async () => join(scratch(), 'none'), /there is no such file or folder/],
    ['a missing file', 'scan-missing', async () => join(scratch(), 'none.dcm'), /none\.dcm: there is no such file/],
    [
      'a folder without an image',
      'scan-missing',
      async () => {
        const dir = join(scratch(), 'bare');
        await mkdir(dir);
        await writeFile(join(dir, 'a.xml'), '<a/>');
        return dir;
      },
      /it contains no DICOM image/,
    ],
    [
      'two scans',
      'dicom-series',
      () => several(['1.2.1', {}], ['1.2.2', scout], ['1.2.3', {}]),
      /2 of its series are scans\. Choose one by its UID .*1\.2\.1 \(CT, 5 slices of 3 x 4\); 1\.2\.2 \(CT, 0 slices of 3 x 4 and 5 localizers/,
    ],
    ['localizers alone', 'dicom-series', () => series({ over: () => scout }), /none of its series is a scan/],
    [
      'a missing slice',
      'scan-slices',
      () => series({ name: (k) => (k === 3 ? null : `${k}`) }),
      /found slices 2 and 3 .* 5\.000 mm apart, expected 2\.500 mm, the median/,
    ],
    [
      'a tilted gantry',
      'scan-axes',
      () => series({ over: (k) => ({ ImagePositionPatient: [-20, 30.5 + 0.5 * k, -100 + 2.5 * k] }) }),
      /found axes .* in field ImagePositionPatient \(0020,0032\) .* deviate from orthonormal by 0\.196/,
    ],
    [
      'a slice beside the stack',
      'dicom-slices',
      () => series({ over: (k) => place(k, -20, 33, -95) }),
      /lies 2\.50 mm beside the line/,
    ],
    [
      'two phases',
      'dicom-slices',
      async () => {
        const dir = await series();
        await writeSeries(dir, { ...stack, stored: ramp.map((value) => value + 1) }, { name: (k) => `second ${k}` });
        return dir;
      },
      /5 of 5 positions have several slices, and their pixels differ: .* are both at -20, 30\.5, -100 mm/,
    ],
    [
      'a different rescale at one position',
      'dicom-slices',
      async () => {
        const dir = await series();
        await add(dir, 'again', sliceFields(stack, 0, { RescaleIntercept: 0 }));
        return dir;
      },
      /1 of 5 positions/,
    ],
    [
      'a different orientation',
      'dicom-slices',
      () => series({ over: (k) => (k === 2 ? { ImageOrientationPatient: [0, 1, 0, 1, 0, 0] } : {}) }),
      /differ in ImageOrientationPatient \(0020,0037\): 1, 0, 0, 0, 1, 0 in .* 0, 1, 0, 1, 0, 0 in/,
    ],
    [
      'a different size',
      'dicom-slices',
      () => series({ over: (k) => (k === 2 ? { Rows: 3, Columns: 4 } : {}) }),
      /differ in size: 3 x 4 in .* 4 x 3 in/,
    ],
    [
      'a different pixel spacing',
      'dicom-slices',
      () => series({ over: (k) => (k === 2 ? { PixelSpacing: [0.5, 0.76] } : {}) }),
      /differ in PixelSpacing/,
    ],
    [
      'a different frame of reference',
      'dicom-slices',
      () => series({ over: (k) => (k === 2 ? { FrameOfReferenceUID: '1.9' } : {}) }),
      /differ in FrameOfReferenceUID/,
    ],
    [
      'axes that are not orthonormal',
      'dicom-tag',
      () => series({ over: () => ({ ImageOrientationPatient: [1, 0, 0, 0.1, 1, 0] }) }),
      /ImageOrientationPatient \(0020,0037\) is 1, 0, 0, 0\.1, 1, 0, expected two axes/,
    ],
    [
      'MONOCHROME1',
      'dicom-pixels',
      () => series({ over: () => ({ PhotometricInterpretation: 'MONOCHROME1' }) }),
      /MONOCHROME1 .* inverted/,
    ],
    [
      'colour',
      'dicom-pixels',
      () => series({ over: () => ({ PhotometricInterpretation: 'RGB', SamplesPerPixel: 3 }) }),
      /found RGB with 3 samples per pixel, expected MONOCHROME2 with one/,
    ],
    [
      'a palette',
      'dicom-pixels',
      () => series({ over: () => ({ PhotometricInterpretation: 'PALETTE COLOR' }) }),
      /PALETTE COLOR/,
    ],
    [
      'float pixels',
      'dicom-tag',
      () => series({ over: () => ({ FloatPixelData: Buffer.alloc(48) }) }),
      /FloatPixelData \(7fe0,0008\)/,
    ],
    [
      'an unknown syntax',
      'dicom-syntax',
      () => series({ syntax: '1.2.840.99999.1' }),
      /transfer syntax 1\.2\.840\.99999\.1/,
    ],
    [
      '12 bits allocated',
      'dicom-tag',
      () => series({ over: () => ({ BitsAllocated: 12 }) }),
      /BitsAllocated \(0028,0100\) is 12, expected 8, 16 or 32/,
    ],
    [
      'more bits stored than allocated',
      'dicom-tag',
      () => series({ over: () => ({ BitsStored: 17 }) }),
      /BitsStored \(0028,0101\) is 17/,
    ],
    [
      'a high bit too low',
      'dicom-tag',
      () => series({ over: () => ({ HighBit: 3 }) }),
      /HighBit \(0028,0102\) is 3, expected 15 to 15/,
    ],
    ['no rows', 'dicom-tag', () => series({ over: () => ({ Rows: 0 }) }), /Rows \(0028,0010\) is 0/],
    [
      'a missing position',
      'dicom-tag',
      () => series({ over: (k) => (k === 2 ? { ImagePositionPatient: undefined } : {}) }),
      /ImagePositionPatient \(0020,0032\) is missing/,
    ],
    [
      'a position of two numbers',
      'dicom-tag',
      () => series({ over: () => ({ ImagePositionPatient: '1\\2' }) }),
      /is "1\\2", expected 3 numbers/,
    ],
    [
      'a position that is not a number',
      'dicom-tag',
      () => series({ over: () => ({ ImagePositionPatient: 'Planted\\2\\3' }) }),
      /is text of 11 characters/,
    ],
    [
      'a spacing of 0',
      'dicom-tag',
      () => series({ over: () => ({ PixelSpacing: [0, 1] }) }),
      /PixelSpacing \(0028,0030\) is 0 and 1/,
    ],
    [
      'a missing pixel spacing',
      'dicom-tag',
      () => series({ over: () => ({ PixelSpacing: undefined }) }),
      /PixelSpacing \(0028,0030\) is missing/,
    ],
    [
      'a slope that is not a number',
      'dicom-tag',
      () => series({ over: () => ({ RescaleSlope: '1e999' }) }),
      /RescaleSlope \(0028,1053\) is "1e999"/,
    ],
    [
      'one slice without a thickness',
      'dicom-tag',
      () => series({ name: (k) => (k === 0 ? 'a' : null), over: () => ({ SliceThickness: undefined }) }),
      /SliceThickness \(0018,0050\) is missing/,
    ],
    [
      'truncated pixels',
      'dicom-pixels',
      async () => {
        const dir = await series({ name: (k) => `${k}` });
        await truncate(join(dir, '4'), (await readFile(join(dir, '4'))).length - 3);
        return dir;
      },
      /file 4: tag PixelData \(7fe0,0010\): the file is truncated to 21 bytes of pixels, expected 24 bytes \(1 frame of 3 x 4 pixels, 16 bits each\)/,
    ],
    [
      'too few pixels',
      'dicom-pixels',
      () => series({ over: () => ({ PixelData: Buffer.alloc(22) }) }),
      /it has 22 bytes, expected 24 bytes/,
    ],
    [
      'a huge size in a small file',
      'dicom-pixels',
      () => series({ over: () => ({ Rows: 65535, Columns: 65535, BitsAllocated: 32, BitsStored: 32, HighBit: 31 }) }),
      /it has 24 bytes, expected 17179344900 bytes/,
    ],
    [
      'truncated tags',
      'dicom-file',
      async () => {
        const dir = await series({ name: (k) => `${k}` });
        await truncate(join(dir, '4'), 700);
        return dir;
      },
      /file 4: its tags cannot be read \(.*\), expected a complete DICOM file/,
    ],
    [
      'a deflated file that does not unpack',
      'dicom-file',
      async () => {
        const dir = await series({ name: (k) => `${k}`, syntax: deflated });
        await truncate(join(dir, '4'), (await readFile(join(dir, '4'))).length - 20);
        return dir;
      },
      /file 4: its tags cannot be read \(unexpected end of file\)/,
    ],
    [
      'a .dcm that is not DICOM',
      'dicom-file',
      async () => {
        const path = join(scratch(), 'none but named.dcm');
        await writeFile(path, 'a text');
        return path;
      },
      /there is no "DICM" after its first 128 bytes/,
    ],
  ];

  it.each(cases)('%s: %s', async (_what, code, make, message) => {
    const error: Error = await readVolume(await make(), { onNote: () => {} }).then(
      () => new Error('it was read'),
      (reason) => reason,
    );
    expect(error).toMatchObject({ name: 'NoduleTrainError', code, message: expect.stringMatching(message) });
    expect(error.message).not.toContain('\n');
    for (const text of Object.values(patient)) expect(error.message).not.toContain(text);
    expect(error.message).not.toMatch(/planted|felicitas/i);
  });

  it('a requested series that is missing, with a list of the others', async () => {
    const dir = await several(['1.2.1', {}], ['1.2.3', {}]);
    await expect(readVolume(dir, { series: '1.2.2' })).rejects.toMatchObject({
      code: 'dicom-series',
      message: expect.stringMatching(/it has no series 1\.2\.2\. It holds 1\.2\.1 \(CT/),
    });
    await expect(readVolume(join(dir, '1.2.1 0'), { series: '1.2.2' })).rejects.toMatchObject({
      code: 'dicom-series',
      message: expect.stringMatching(/it belongs to series 1\.2\.1, expected 1\.2\.2/),
    });
  });
});
