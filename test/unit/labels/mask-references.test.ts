import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  checkVolume,
  indexIRC,
  indexToWorld,
  readVolume,
  resampleVolume,
  type Volume,
  writeVolume,
} from '../../../dist/ct/index.js';
import { createRule, readMaskFor } from '../../../dist/labels/index.js';
import type { NoduleTrainError } from '../../../dist/runtime/error.js';
import type { Fields, Stack } from '../../support/dicomBytes.mjs';
import { scratch, series, stack } from '../../support/dicomSeries.js';
import { enhanced, maskOf, openSeries, segmentsAt, tilted, twoSegments, writeTo } from '../../support/segmentations.js';
import { writeStructureSet } from '../../support/structureSets.js';
import { buildVolume } from '../../support/volume.js';

const own = '1.2.3.5';
const [one] = [twoSegments().slice(0, 1)];

/** A series with fields of every slice replaced, as a scan and as the source of a mask. */
const open = async (over: Fields | ((k: number) => Fields) = {}, of: Stack = stack) =>
  openSeries(await series({ over: typeof over === 'function' ? over : () => over }, of));

/** A SEG made on a series with these fields. */
const segmentation = async (over: Fields | ((k: number) => Fields) = {}, of: Stack = stack) => {
  const { scan, source } = await open(over, of);
  return (await writeTo({ source, grid: scan }, one!)).path;
};
const otherImages = (k: number): Fields => ({ SOPInstanceUID: `1.2.99.${k + 1}` });

const on = async (volume: Volume, path: string, options: Parameters<typeof readMaskFor>[2] = {}) => {
  const notes: string[] = [];
  const voxels = await readMaskFor(volume, path, {
    ...options,
    onNote: (text) => notes.push(text.replace(`${path}: `, '')),
  });
  return { voxels: [...voxels], notes };
};
const refusal = (...args: Parameters<typeof on>): Promise<string> =>
  on(...args).then(
    () => expect.unreachable('it was read'),
    ({ code, message }: NoduleTrainError) => `${code}: ${message}`,
  );

describe('the frame of reference of a scan', () => {
  it('is that of its DICOM series, or of its Enhanced CT', async () => {
    expect((await open()).scan.frameOfReferenceUid).toBe(own);
    expect((await readVolume(await enhanced())).frameOfReferenceUid).toBe(own);
    expect('frameOfReferenceUid' in (await open({ FrameOfReferenceUID: undefined })).scan).toBe(false);
    const some = (k: number): Fields => (k === 2 ? {} : { FrameOfReferenceUID: undefined });
    expect((await open(some)).scan.frameOfReferenceUid).toBe(own);
  });

  it('is kept by resampling, and absent in other formats', async () => {
    const { scan } = await open();
    expect(resampleVolume(scan, [1, 1, 1]).frameOfReferenceUid).toBe(own);
    const crooked = await series({}, { ...stack, direction: tilted });
    expect((await readVolume(crooked, { resample: true, onNote: () => {} })).frameOfReferenceUid).toBe(own);
    const file = join(scratch(), 'other.mha');
    await writeVolume(file, scan);
    expect('frameOfReferenceUid' in (await readVolume(file))).toBe(false);
  });

  it('is checked in a volume that a program made', () => {
    const volume = buildVolume([1, 1, 1], 0, { frameOfReferenceUid: own });
    expect(checkVolume(volume, 'testing').frameOfReferenceUid).toBe(own);
    expect('frameOfReferenceUid' in checkVolume(buildVolume([1, 1, 1], 0), 'testing')).toBe(false);
    expect(() => checkVolume({ ...volume, frameOfReferenceUid: 5 }, 'testing')).toThrow(
      /testing: found the frameOfReferenceUid 5, expected a text/,
    );
  });
});

describe('a SEG', () => {
  it('of the scan is taken without a note', async () => {
    const { scan } = await open();
    expect(await on(scan, await segmentation())).toEqual({ voxels: maskOf(scan, one![0]!), notes: [] });
  });

  it('in another frame of reference is refused with both UIDs, unless an option says so', async () => {
    const { scan } = await open();
    const path = await segmentation((k) => ({ ...otherImages(k), FrameOfReferenceUID: '1.2.77.7' }));
    expect(await refusal(scan, path)).toBe(
      `mask-frame-of-reference: matching the mask ${path} to its scan: its frame of reference is 1.2.77.7, expected ` +
        '1.2.3.5 as in the scan (FrameOfReferenceUID (0020,0052)), so their positions cannot be compared. Give the ' +
        'scan that it was made on; if the positions agree nevertheless, set --mask-ignore-frame-of-reference.',
    );
    expect(await on(scan, path, { ignoreFrameOfReference: true })).toEqual({
      voxels: maskOf(scan, one![0]!),
      notes: [
        'none of the 5 images that it refers to is a slice of the scan; it may belong to another series',
        "its frame of reference is 1.2.77.7, the scan's is 1.2.3.5; the mask is placed by its positions",
      ],
    });
  });

  it('in another frame of reference that refers to the scan says so', async () => {
    const { scan } = await open();
    expect(await refusal(scan, await segmentation({ FrameOfReferenceUID: '1.2.77.7' }))).toMatch(
      /^mask-frame-of-reference: .*cannot be compared\. It does refer to 5 of the scan's slices\. Give/,
    );
  });

  it('of other images in the same frame of reference is taken with a note', async () => {
    const { scan } = await open();
    const { voxels, notes } = await on(scan, await segmentation(otherImages));
    expect(voxels).toEqual(maskOf(scan, one![0]!));
    expect(notes).toEqual([
      'none of the 5 images that it refers to is a slice of the scan; it may belong to another series',
    ]);
    // A part of the slices is enough, as of a cropped scan.
    const part = await segmentation((k) => (k === 1 ? {} : otherImages(k)));
    expect((await on(scan, part)).notes).toEqual([]);
  });

  it('is placed by its positions, with a note, where a scan has no frame of reference', async () => {
    const { frameOfReferenceUid: _, sliceUids: __, ...scan } = (await open()).scan;
    const note = 'the scan has no FrameOfReferenceUID (0020,0052): the mask is placed by its positions, unchecked';
    expect((await on(scan, await segmentation())).notes).toEqual([note]);
  });

  it('needs no frame of reference if it refers to the slices', async () => {
    const { scan } = await open({ FrameOfReferenceUID: undefined });
    expect((await on(scan, await segmentation())).notes).toEqual([]);
  });

  it("whose axes have the wrong sign, as published for LIDC's prone patients, is refused with the cause", async () => {
    const prone = [
      [-1, 0, 0],
      [0, -1, 0],
      [0, 0, 1],
    ] as const;
    const { scan } = await open({}, { ...stack, direction: prone });
    const path = await segmentation();
    expect(await refusal(scan, path)).toBe(
      `mask-grid: matching the mask ${path} to its scan: 6 of its 7 marked pixels lie outside the scan's [5, 4, 3] ` +
        'voxels, at [slice, row, column] 0, -3, -2 to 4, 0, -1. It begins at the first pixel of the scan but extends ' +
        "the other way, so its ImageOrientationPatient is wrong, as in published SEGs of LIDC's prone patients. Give " +
        "other outlines, such as LIDC's XML files.",
    );
  });
});

describe('a structure set', () => {
  const corners = [
    [0.3, 0.3, 1],
    [2.7, 0.3, 1],
    [2.7, 2.7, 1],
    [0.3, 2.7, 1],
  ];
  const scan = buildVolume([3, 4, 4], 0, { frameOfReferenceUid: own, sliceUids: ['1.2.3.1', '1.2.3.2', '1.2.3.3'] });
  const write = (
    name: string,
    ...args: Parameters<typeof writeStructureSet> extends [string, ...infer R] ? R : never
  ) => writeStructureSet(join(scratch(), `${name}.dcm`), ...args);

  it('has a frame of reference for each region', async () => {
    const path = await write('two frames', [
      { number: 1, contours: [{ points: corners }] },
      { number: 2, frame: '1.2.77.7', contours: [{ points: corners }] },
    ]);
    expect((await on(scan, path, { segment: 1 })).notes).toEqual([]);
    expect(await refusal(scan, path, { segment: 2 })).toMatch(
      /^mask-frame-of-reference: .*its frame of reference is 1\.2\.77\.7, expected 1\.2\.3\.5/,
    );
    const ignored = await on(scan, path, { segment: 2, ignoreFrameOfReference: true });
    expect(ignored.voxels.filter(Boolean)).toHaveLength(4);
  });

  it('may state it for the whole set only', async () => {
    const region = { number: 1, frame: undefined, contours: [{ points: corners }] };
    expect((await on(scan, await write('set', [region], { frames: [own] }))).notes).toEqual([]);
    expect((await on(scan, await write('sets', [region], { frames: ['1.2.77.7', own] }))).notes).toEqual([]);
    const top = await write('top', [region], { over: { FrameOfReferenceUID: own } });
    expect((await on(scan, top)).notes).toEqual([]);
    expect(await refusal(scan, await write('others', [region], { frames: ['1.2.77.7', '1.2.77.8'] }))).toMatch(
      /its frame of reference is 1\.2\.77\.7 and 1\.2\.77\.8, expected 1\.2\.3\.5/,
    );
    expect((await on(scan, await write('none', [region]))).notes).toEqual([
      'the mask has no FrameOfReferenceUID (0020,0052): the mask is placed by its positions, unchecked',
    ]);
    const neither = buildVolume([3, 4, 4], 0);
    expect((await on(neither, await write('neither', [region]))).notes).toEqual([
      'neither the scan nor the mask has a FrameOfReferenceUID (0020,0052): the mask is placed by its positions, unchecked',
    ]);
  });

  it('refers to the images that its contours were drawn on', async () => {
    const drawnOn = (image: string) => [{ number: 1, contours: [{ points: corners, image }] }];
    expect((await on(scan, await write('drawn', drawnOn('1.2.3.2')))).notes).toEqual([]);
    expect((await on(scan, await write('elsewhere', drawnOn('1.2.66.2')))).notes).toEqual([
      'none of the 1 images that it refers to is a slice of the scan; it may belong to another series',
    ]);
  });

  it('has no UID that is not one in a message', async () => {
    const odd = { number: 1, frame: 'SMITH^JOHN', contours: [{ points: corners }] };
    expect((await on(scan, await write('odd', [odd]))).notes).toEqual([
      expect.stringMatching(/^the mask has no Frame/),
    ]);
    const named = { ...scan, frameOfReferenceUid: 'SMITH^JOHN' };
    expect(await refusal(named, await write('even', [{ ...odd, frame: own }]))).not.toContain('SMITH');
  });
});

describe('a DICOM series of labels', () => {
  const labels: Stack = { ...stack, stored: Uint8Array.from({ length: 60 }, (_, k) => (k === 7 ? 1 : 0)) };
  const plain: Fields = { RescaleIntercept: undefined, RescaleSlope: undefined, Modality: 'OT' };

  it('is refused in another frame of reference too', async () => {
    const { scan } = await open();
    const same = await series({ over: (k) => ({ ...plain, ...otherImages(k) }) }, labels);
    expect((await on(scan, same)).voxels.indexOf(1)).toBe(7);
    const other = await series({ over: () => ({ ...plain, FrameOfReferenceUID: '1.2.77.7' }) }, labels);
    expect(await refusal(scan, other)).toMatch(/^mask-frame-of-reference: .*1\.2\.77\.7, expected 1\.2\.3\.5/);
    expect((await on(scan, other, { ignoreFrameOfReference: true })).voxels.indexOf(1)).toBe(7);
  });
});

describe('a scan that was resampled', () => {
  it('takes contours drawn on its stored slices, and refuses a SEG with the reason', async () => {
    const large: Stack = { ...stack, shape: [5, 12, 12], stored: new Int16Array(720), direction: tilted };
    const { scan, source } = await openSeries(await series({}, large), true);
    expect(scan.resampled).toBe(true);
    // Around the pixel of row 3, column 4 of the third stored slice.
    const [x, y, z] = source.slices[2]!.position;
    const corner = (row: number, column: number) => [x + 0.75 * column, y + 0.5 * row, z];
    const points = [corner(2.5, 3.5), corner(2.5, 4.5), corner(3.5, 4.5), corner(3.5, 3.5)];
    const contours = await writeStructureSet(join(scratch(), 'tilted.dcm'), [{ number: 1, contours: [{ points }] }]);
    const { voxels, notes } = await on(scan, contours);
    expect(notes).toEqual([]);
    const marked = voxels.flatMap((value, k) => (value ? [k] : []));
    expect(marked).toHaveLength(1);
    const place = indexToWorld(
      scan,
      indexIRC(
        Math.floor(marked[0]! / (scan.shape[1] * scan.shape[2])),
        Math.floor(marked[0]! / scan.shape[2]) % scan.shape[1],
        marked[0]! % scan.shape[2],
      ),
    );
    expect(Math.abs(place[0] - corner(3, 4)[0]!)).toBeLessThan(0.38);
    expect(Math.abs(place[1] - corner(3, 4)[1]!)).toBeLessThan(0.26);
    expect(place[2]).toBeCloseTo(z, 6);
    const seg = await writeTo({ source, grid: source.grid }, segmentsAt([2 * 144 + 40]));
    expect(await refusal(scan, seg.path)).toMatch(/^mask-grid: .*The scan was resampled: convert it with --resample/);
  });
});

describe('the label rule mask', () => {
  it('has the option, and passes the notes on', async () => {
    const { scan } = await open();
    const mask = await segmentation((k) => ({ ...otherImages(k), FrameOfReferenceUID: '1.2.77.7' }));
    const truth = { annotations: [], mask, votes: null, contours: null };
    await expect(createRule({ labels: 'mask' }).label(scan, truth)).rejects.toMatchObject({
      code: 'mask-frame-of-reference',
    });
    for (const labels of ['mask', 'auto'] as const) {
      const notes: string[] = [];
      const rule = createRule({ labels, mask: { ignoreFrameOfReference: true } });
      const { nodules } = await rule.label(scan, truth, (text) => notes.push(text));
      expect(nodules.length).toBeGreaterThan(0);
      expect(notes).toHaveLength(2);
    }
  });
});
