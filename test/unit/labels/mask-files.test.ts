import { copyFileSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dicomMaskKind, findMask, writeMask } from '../../../dist/ct/index.js';
import { readMaskFor } from '../../../dist/labels/index.js';
import type { NoduleTrainError } from '../../../dist/runtime/error.js';
import { dicomBytes, type Fields, type Stack } from '../../support/dicomBytes.mjs';
import { scratch, series, stack, writeSeries } from '../../support/dicomSeries.js';
import { maskOf, openSeries, twoSegments, writeTo } from '../../support/segmentations.js';
import { writeStructureSet } from '../../support/structureSets.js';

const segments = twoSegments().slice(0, 1);
let made = 0;
const newFolder = (): string => {
  const dir = join(scratch(), `files ${made++}`);
  mkdirSync(dir);
  return dir;
};

/** A scan, the path of its folder, and of a SEG and an RTSTRUCT on it. */
const scanAndMasks = async () => {
  const path = await series();
  const { scan, source } = await openSeries(path);
  const seg = (await writeTo({ source, grid: scan }, segments)).path;
  // Encloses the middle of the voxel of row 1, column 1, slice 0.
  const at = (row: number, column: number) => [-20 + 0.75 * column, 30.5 + 0.5 * row, -100];
  const points = [at(0.5, 0.5), at(0.5, 1.5), at(1.5, 1.5), at(1.5, 0.5)];
  const rt = await writeStructureSet(join(newFolder(), 'rt.dcm'), [{ number: 1, contours: [{ points }] }]);
  return { path, scan, seg, rt, ofSeg: maskOf(scan, segments[0]!) };
};
const on = async (scan: Parameters<typeof readMaskFor>[0], path: string) => [
  ...(await readMaskFor(scan, path, { onNote: () => {} })),
];
const refusal = (...args: Parameters<typeof on>): Promise<string> =>
  on(...args).then(
    () => expect.unreachable('it was read'),
    ({ code, message }: NoduleTrainError) => `${code}: ${message}`,
  );

const labels: Stack = { ...stack, stored: Uint8Array.from({ length: 60 }, (_, k) => (k % 7 === 0 ? 3 : 0)) };
const plain: Fields = {
  RescaleIntercept: undefined,
  RescaleSlope: undefined,
  Modality: 'OT',
  SeriesInstanceUID: '1.2.8',
};

describe('a mask file of any name', () => {
  it.each(['IM0001', 'RS.1.2.3', 'mask', 'seg.DCM', 'mask.ima', 'mask.bin', 'läsion 1', 'mask.nii'])(
    'is recognised by its content: %s',
    async (name) => {
      const { scan, seg, rt, ofSeg } = await scanAndMasks();
      for (const [mask, kind] of [
        [seg, 'segmentation'],
        [rt, 'structure set'],
      ] as const) {
        const path = join(newFolder(), name);
        copyFileSync(mask, path);
        expect(await dicomMaskKind(path)).toBe(kind);
        const voxels = await on(scan, path);
        if (kind === 'segmentation') expect(voxels).toEqual(ofSeg);
        else expect(voxels.flatMap((value, k) => (value ? [k] : []))).toEqual([4]);
      }
    },
  );

  it('may be a link, or without a preamble', async () => {
    const { scan, seg, ofSeg } = await scanAndMasks();
    const dir = newFolder();
    symlinkSync(seg, join(dir, 'soft'));
    linkSync(seg, join(dir, 'hard'));
    for (const name of ['soft', 'hard']) expect(await on(scan, join(dir, name))).toEqual(ofSeg);
    const folderLink = join(newFolder(), 'folder');
    symlinkSync(dir, folderLink);
    expect(await refusal(scan, folderLink)).toMatch(
      /^mask-folder: .*holds hard \(segmentation\), soft \(segmentation\)/,
    );
  });

  it('is one slice of labels for a scan of one slice', async () => {
    const { scan } = await openSeries(await series({ name: (k) => (k === 0 ? 'one.dcm' : null) }));
    const dir = await series({ over: () => plain, name: (k) => (k === 0 ? 'IM0001' : null) }, labels);
    expect(await on(scan, join(dir, 'IM0001'))).toEqual([...labels.stored.subarray(0, 12)]);
  });

  it('that is missing or is not an image is refused', async () => {
    const { scan } = await openSeries(await series());
    expect(await refusal(scan, join(newFolder(), 'none.nii'))).toMatch(/^scan-missing/);
    const text = join(newFolder(), 'notes.txt');
    writeFileSync(text, 'nothing');
    expect(await refusal(scan, text)).toMatch(/^scan-format/);
    expect((await findMask(text)).kind).toBe('image');
  });
});

describe('a mask given by its folder', () => {
  it('is the only SEG or RTSTRUCT in it, also beside other files and in subfolders', async () => {
    const { scan, seg, rt, ofSeg } = await scanAndMasks();
    const dir = newFolder();
    mkdirSync(join(dir, 'SMITH JOHN', 'SEG'), { recursive: true });
    copyFileSync(seg, join(dir, 'SMITH JOHN', 'SEG', '000001'));
    writeFileSync(join(dir, 'README.txt'), 'nothing');
    writeFileSync(join(dir, 'LICENSE'), '');
    expect(await on(scan, dir)).toEqual(ofSeg);
    const other = newFolder();
    copyFileSync(rt, join(other, 'RS.1'));
    expect((await on(scan, other)).indexOf(1)).toBe(4);
  });

  it('may hold the scan too', async () => {
    const { path, scan, seg, ofSeg } = await scanAndMasks();
    copyFileSync(seg, join(path, 'IM9999'));
    expect(await on(scan, path)).toEqual(ofSeg);
  });

  it('must hold one mask: others are listed', async () => {
    const { scan, seg, rt } = await scanAndMasks();
    const dir = newFolder();
    copyFileSync(seg, join(dir, 'b'));
    copyFileSync(rt, join(dir, 'a'));
    expect(await refusal(scan, dir)).toBe(
      `mask-folder: reading the mask ${dir}: the folder holds a (structure set), b (segmentation), expected one mask. ` +
        'Give the file of the mask.',
    );
    expect(await refusal(scan, newFolder())).toMatch(/^mask-folder: .*the folder holds no image, expected one mask/);
    for (let k = 0; k < 25; k++) copyFileSync(rt, join(dir, `c${k}`));
    expect(await refusal(scan, dir)).toMatch(/structure set\), and 7 more, expected one mask/);
  });

  it('may be a DICOM series of labels', async () => {
    const { scan } = await openSeries(await series());
    const dir = await series({ over: () => plain }, labels);
    expect(await on(scan, dir)).toEqual([...labels.stored]);
  });

  it('may be an image of another format, if there is one', async () => {
    const { scan } = await openSeries(await series());
    const dir = newFolder();
    const voxels = Uint8Array.from({ length: 60 }, (_, k) => k % 2);
    await writeMask(join(dir, 'mask.nii.gz'), { ...scan, voxels });
    expect(await on(scan, dir)).toEqual([...voxels]);
    await writeMask(join(dir, 'other.mha'), { ...scan, voxels });
    expect(await refusal(scan, dir)).toMatch(/holds mask\.nii\.gz \(image\), other\.mha \(image\), expected one mask/);
    const beside = newFolder();
    await writeMask(join(beside, 'mask.nrrd'), { ...scan, voxels });
    await writeSeries(join(beside, 'ct'), stack);
    expect(await refusal(scan, beside)).toMatch(/the folder holds mask\.nrrd \(image\), a DICOM series, expected one/);
  });

  it('may hold reports and other DICOM files without pixels', async () => {
    const { scan } = await openSeries(await series());
    const dir = newFolder();
    const voxels = Uint8Array.from({ length: 60 }, (_, k) => k % 2);
    await writeMask(join(dir, 'mask.nii.gz'), { ...scan, voxels });
    writeFileSync(
      join(dir, 'SR1'),
      dicomBytes({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.22', SeriesInstanceUID: '1.9', Modality: 'SR' }),
    );
    writeFileSync(join(dir, 'DICOMDIR'), dicomBytes({ SOPClassUID: '1.2.840.10008.1.3.10' }));
    expect(await on(scan, dir)).toEqual([...voxels]);
    expect(await refusal(scan, join(dir, 'SR1'))).toMatch(/^scan-missing: .*it holds no image \(PixelData\)/);
  });

  it('has errors that name the folder and the file, without the folders between', async () => {
    const { scan, seg } = await scanAndMasks();
    const dir = newFolder();
    mkdirSync(join(dir, 'SMITH JOHN'));
    copyFileSync(seg, join(dir, 'SMITH JOHN', 'IM1'));
    const elsewhere = { ...scan, origin: [-20.3, 30.5, -100] as const };
    expect(await refusal(elsewhere, dir)).toMatch(
      new RegExp(`^mask-grid: matching the mask .*${basename(dir)}, file IM1 to its scan`),
    );
    const bytes = await readFile(seg);
    writeFileSync(join(dir, 'SMITH JOHN', 'IM1'), bytes.subarray(0, 700));
    expect(await refusal(scan, dir)).not.toContain('SMITH');
    const notes: string[] = [];
    writeFileSync(join(dir, 'SMITH JOHN', 'IM1'), bytes);
    await readMaskFor({ ...scan, sliceUids: ['9', '9', '9', '9', '9'] }, dir, { onNote: (text) => notes.push(text) });
    expect(notes).toEqual([expect.stringMatching(new RegExp(`^.*${basename(dir)}, file IM1: none of the 5 images`))]);
  });
});
