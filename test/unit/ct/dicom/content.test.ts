import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findScans, listSeries } from '../../../../dist/ct/index.js';
import {
  dataSetBytes,
  deflated,
  dicomBytes,
  explicitBig,
  explicitLittle,
  type Fields,
  implicitLittle,
  itemsBytes,
  sliceFields,
} from '../../../support/dicomBytes.mjs';
import { add, read, scratch, series, shifted, stack } from '../../../support/dicomSeries.js';

const fields = (k: number, over: Fields = {}, syntax = explicitLittle): Fields => sliceFields(stack, k, over, syntax);

let made = 0;
/** A folder of the slices of `stack`, as `bytes` makes the file of each. */
const folderOf = async (bytes: (k: number) => Buffer): Promise<string> => {
  const dir = join(scratch(), `content ${made++}`);
  await mkdir(dir);
  for (let k = 0; k < 5; k++) await writeFile(join(dir, `IM${k}.img`), bytes(k));
  return dir;
};

/** A file whose header names `stated`, and whose data set is `syntax`. */
const contradicting = (k: number, stated: string | null, syntax: string): Buffer => {
  const whole = dicomBytes(fields(k, {}, syntax), syntax);
  const padded = `${syntax}${syntax.length % 2 === 1 ? '\0' : ''}`;
  const at = whole.indexOf(padded);
  const head = whole.subarray(0, at - 8);
  const rest = whole.subarray(at + padded.length);
  if (stated === null) return Buffer.concat([head, rest]);
  const value = Buffer.from(`${stated}${stated.length % 2 === 1 ? '\0' : ''}`);
  const element = Buffer.from([2, 0, 0x10, 0, 0x55, 0x49, value.length, 0]);
  return Buffer.concat([head, element, value, rest]);
};

describe('a DICOM file is recognised by its content', () => {
  it.each<[string, (k: number) => Buffer]>([
    ['a preamble of other bytes', (k) => Buffer.concat([Buffer.alloc(128, 0x4d), dicomBytes(fields(k)).subarray(128)])],
    ['"DICM" without a preamble', (k) => dicomBytes(fields(k)).subarray(128)],
    ['a file header without preamble and "DICM"', (k) => dicomBytes(fields(k)).subarray(132)],
    ['an explicit VR data set alone', (k) => dataSetBytes(fields(k))],
    ['an implicit VR data set alone', (k) => dataSetBytes(fields(k), implicitLittle)],
    ['a big-endian data set alone', (k) => dataSetBytes(fields(k, {}, explicitBig), explicitBig)],
    [
      'a data set alone without SOP class and UID',
      (k) => {
        return dataSetBytes(fields(k, { ImageType: undefined, SOPClassUID: undefined, SOPInstanceUID: `1.2.${k}` }));
      },
    ],
    ['bytes after the pixels', (k) => Buffer.concat([dicomBytes(fields(k)), Buffer.alloc(37, 0xab)])],
  ])('with %s', async (_what, bytes) => {
    const dir = await folderOf(bytes);
    const { voxels, notes } = await read(dir);
    expect(voxels).toEqual(shifted);
    expect(notes).toEqual([]);
    expect((await read(join(dir, 'IM2.img'))).volume.shape).toEqual([1, 4, 3]);
    expect((await findScans([dir])).scans).toHaveLength(1);
  });

  it.each<[string, string | null, string, RegExp]>([
    [
      'explicit, is implicit',
      explicitLittle,
      implicitLittle,
      /Explicit VR Little Endian, and .* as implicit VR little/,
    ],
    [
      'implicit, is explicit',
      implicitLittle,
      explicitLittle,
      /Implicit VR Little Endian, and .* as explicit VR little/,
    ],
    ['big endian, is little', explicitBig, explicitLittle, /Big Endian, and .* as explicit VR little/],
    ['little endian, is big', explicitLittle, explicitBig, /Little Endian, and .* as explicit VR big/],
    ['deflated, is not', deflated, explicitLittle, /Deflated .*, and .* as explicit VR little/],
    ['explicit, is deflated', explicitLittle, deflated, /Explicit VR Little Endian, and .* as deflated/],
    ['nothing, is implicit', null, implicitLittle, /transfer syntax is missing, and .* as implicit VR little/],
    ['nothing, is explicit', null, explicitLittle, /transfer syntax is missing, and .* as explicit VR little/],
    ['nothing, is big endian', null, explicitBig, /transfer syntax is missing, and .* as explicit VR big/],
    ['no UID, is implicit', 'LITTLE', implicitLittle, /transfer syntax is not a UID, and .* as implicit/],
    ['JPEG, is explicit', '1.2.840.10008.1.2.4.70', explicitLittle, /first-order prediction, but its pixels are not/],
    ['RLE, is implicit', '1.2.840.10008.1.2.5', implicitLittle, /RLE Lossless, but its pixels are not compressed/],
  ])('and read by its bytes where the transfer syntax says %s', async (_what, stated, syntax, note) => {
    const { voxels, notes } = await read(await folderOf((k) => contradicting(k, stated, syntax)));
    expect(voxels).toEqual(shifted);
    expect(notes).toContainEqual(expect.stringMatching(note));
    expect(notes).toContainEqual(expect.stringContaining('in 5 of 5 files: its transfer syntax'));
  });

  it('with elements of VR OV, SV and UV, unknown sequences, private groups and pixels of VR UN', async () => {
    const item = dataSetBytes({ SOPInstanceUID: '1.2.9', PixelData: Buffer.alloc(32, 7) });
    const odd: Fields = {
      '(0009,0010) LO': 'PRIVATE',
      '(0009,1001) OV': Buffer.alloc(16, 1),
      '(0009,1002) SV': Buffer.alloc(8, 2),
      '(0009,1003) UV': Buffer.alloc(8, 3),
      '(0009,1004) UN': Buffer.alloc(7, 4),
      '(0009,1005) SQ': itemsBytes([item, item], true),
      PixelData: undefined,
    };
    // OV and the like have lengths of four bytes, which the writer of the tests does not know.
    const long = (bytes: Buffer): Buffer => {
      let fixed = bytes;
      for (const vr of ['OV', 'SV', 'UV']) {
        const at = fixed.indexOf(vr);
        const head = Buffer.alloc(8);
        head.write(vr);
        head.writeUInt32LE(fixed.readUInt16LE(at + 2), 4);
        fixed = Buffer.concat([fixed.subarray(0, at), head, fixed.subarray(at + 4)]);
      }
      return fixed;
    };
    const dir = await folderOf((k) =>
      long(dicomBytes({ ...fields(k, odd), '(7fe0,0010) UN': fields(k).PixelData as Uint8Array })),
    );
    expect((await read(dir)).voxels).toEqual(shifted);
  });

  it('in folders and files that are links, each once, and beside a DICOMDIR', async () => {
    const target = await series();
    const dir = join(scratch(), 'patients');
    await mkdir(join(dir, 'a'), { recursive: true });
    await symlink(target, join(dir, 'a', 'series'));
    await symlink(target, join(dir, 'a', 'again'));
    await symlink(dir, join(dir, 'a', 'round'));
    await symlink(join(dir, 'nowhere'), join(dir, 'broken'));
    await add(dir, 'DICOMDIR', { SOPClassUID: '1.2.840.10008.1.3.10', SOPInstanceUID: '1.2.77' });
    const { voxels, notes } = await read(dir);
    expect(voxels).toEqual(shifted);
    expect(notes).toEqual([]);
    expect((await listSeries(dir))[0]!.files).toHaveLength(5);
    expect((await findScans([dir])).scans[0]!.files).toHaveLength(5);
    await expect(read(join(dir, 'DICOMDIR'))).rejects.toMatchObject({
      code: 'scan-missing',
      message: expect.stringContaining('it is the index of a medium (DICOMDIR)'),
    });
  });
});

describe('a DICOM series whose tags are not as the standard has them', () => {
  it.each<[string, string | undefined]>([
    ['letters', '1.2.abc'],
    ['a path', '../../Planted'],
    ['over 64 characters', `1.2.${'3'.repeat(90)}`],
    ['nothing', undefined],
    ['empty text', ''],
  ])('is read where its SeriesInstanceUID is %s', async (_what, uid) => {
    const dir = await series({ over: () => ({ SeriesInstanceUID: uid }) });
    const { volume, voxels, notes } = await read(dir);
    expect(voxels).toEqual(shifted);
    expect(volume.uid).toMatch(/^2\.25\.\d{1,59}$/);
    expect(notes.join()).toMatch(/in 5 of 5 files: its SeriesInstanceUID is (missing|not a UID)/);
    expect(notes.join()).not.toContain('Planted');
    const [scan] = (await findScans([dir])).scans;
    expect(scan!.name).toBe(volume.uid);
    expect((await read(dir, { series: volume.uid })).voxels).toEqual(shifted);
    if (uid) expect((await read(dir, { series: uid })).voxels).toEqual(shifted);
  });

  it.each<[string, Fields]>([
    ['leading zeros', { SeriesInstanceUID: '1.02.003' }],
    ['zeros and spaces around', { SeriesInstanceUID: '1.2.3.4 \0 ' }],
    ['other invalid UIDs', { SOPInstanceUID: 'x', StudyInstanceUID: 'y', FrameOfReferenceUID: 'z', SOPClassUID: '' }],
    [
      'no number, study, thickness, frame of reference',
      {
        InstanceNumber: undefined,
        StudyInstanceUID: undefined,
        SliceThickness: undefined,
        FrameOfReferenceUID: undefined,
      },
    ],
  ])('is read as it is with %s', async (_what, over) => {
    const dir = await series({
      over: (k) => ({ ...over, ...(over.SOPInstanceUID ? { SOPInstanceUID: `x${k}` } : {}) }),
    });
    const { voxels, notes } = await read(dir);
    expect(voxels).toEqual(shifted);
    expect(notes).toEqual([]);
  });

  it('has the spacing at the detector where PixelSpacing is missing, with a note', async () => {
    const over = { PixelSpacing: undefined, '(0018,1164) DS': [0.5, 0.75] };
    const { volume, notes } = await read(await series({ over: () => over }));
    expect(volume.spacing).toEqual([0.75, 0.5, 2.5]);
    expect(notes.join()).toMatch(/PixelSpacing .* is missing in 5 of 5 slices, so the spacing at the detector/);
  });

  it('can be named by its number, where that is of one series', async () => {
    const dir = await series({ over: () => ({ SeriesInstanceUID: '1.2.50', '(0020,0011) IS': 4 }) });
    const other = fields(0, { SeriesInstanceUID: '1.2.51', SOPInstanceUID: '1.2.7', '(0020,0011) IS': 5 });
    await add(dir, 'other', other);
    expect((await read(dir, { series: '4' })).volume.uid).toBe('1.2.50');
    expect((await findScans([dir], { series: '4' })).scans[0]!.series).toBe('1.2.50');
    await expect(read(dir, { series: '6' })).rejects.toMatchObject({ code: 'dicom-series' });
    await expect(read(dir)).rejects.toMatchObject({
      message: expect.stringContaining('1.2.50 (CT, 5 slices of 3 x 4, number 4)'),
    });
  });
});
