import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSegmentation } from '../../../../dist/ct/dicom/masks/readSegmentation.js';
import { segmentationDataSet } from '../../../../dist/ct/dicom/segmentation/writeSegmentation.js';
import { type DataSet, dicomMaskKind, writeDicomFile } from '../../../../dist/ct/index.js';
import { readMaskFor } from '../../../../dist/labels/readMaskFor.js';
import { scratch, series } from '../../../support/dicomSeries.js';
import { maskOf, openSeries, twoSegments } from '../../../support/segmentations.js';

let files: Awaited<ReturnType<typeof openSeries>>;
beforeAll(async () => {
  files = await openSeries(await series());
});
let made = 0;

/** Writes a segmentation of `series()` with some attributes replaced. */
const segmentation = async (kind: 'binary' | 'labelmap', over: DataSet): Promise<string> => {
  const path = join(scratch(), `read ${made++}.dcm`);
  const dataSet = segmentationDataSet({
    source: files.source,
    grid: files.scan,
    segments: twoSegments(),
    kind,
    algorithm: { name: 'a', version: '1' },
    key: 'key',
    description: 'd',
  });
  await writeDicomFile(path, { ...dataSet, ...over });
  return path;
};
const refusal = (path: string): Promise<string> =>
  readSegmentation(path, { segment: 1 }).then(
    () => expect.unreachable('it was read'),
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  );
const kinds = ['binary', 'labelmap'] as const;

describe('reading a segmentation', () => {
  it.each(kinds)('gives an empty mask for an object without frames: %s', async (kind) => {
    for (const PerFrameFunctionalGroupsSequence of [[], undefined]) {
      const none = { NumberOfFrames: 0, PixelData: undefined, PerFrameFunctionalGroupsSequence };
      const path = await segmentation(kind, none);
      expect(await dicomMaskKind(path)).toBe('segmentation');
      expect((await readSegmentation(path, { segment: 2 })).frames).toEqual([]);
      expect([...(await readMaskFor(files.scan, path, { segment: 1 }))]).toEqual(new Array(60).fill(0));
    }
    expect(await refusal(await segmentation(kind, { NumberOfFrames: 0 }))).toMatch(
      /^dicom-seg: .*PerFrameFunctionalGroupsSequence \(5200,9230\) has \d items for 0 frames, expected one per frame/,
    );
    expect(await refusal(await segmentation(kind, { PixelData: undefined }))).toMatch(/^dicom-seg: .*with its pixels/);
    expect(await refusal(await segmentation(kind, { NumberOfFrames: -1 }))).toMatch(/^dicom-tag: .*is -1/);
  });

  it('takes the background of a label map from PixelPaddingValue', async () => {
    const [first, second] = twoSegments();
    // With 2 as the background, nothing can choose it, and segment 1 is as it was.
    const path = await segmentation('labelmap', { PixelPaddingValue: 2 });
    expect([...(await readMaskFor(files.scan, path))]).toEqual(maskOf(files.scan, first!));
    const without = await segmentation('labelmap', { PixelPaddingValue: undefined });
    expect([...(await readMaskFor(files.scan, without, { segment: 2 }))]).toEqual(maskOf(files.scan, second!));
    await expect(readMaskFor(files.scan, without)).rejects.toMatchObject({ code: 'mask-segment' });
  });

  it('refuses pixels of another kind than it says, and too few', async () => {
    expect(await refusal(await segmentation('labelmap', { BitsAllocated: 32 }))).toMatch(
      /^dicom-seg: .*it is LABELMAP with 32 bits .*expected BINARY with 1 bit, FRACTIONAL with 8, or LABELMAP with 8 or 16/,
    );
    expect(await refusal(await segmentation('binary', { BitsAllocated: 8 }))).toMatch(/it is BINARY with 8 bits/);
    expect(await refusal(await segmentation('labelmap', { PixelData: new Uint8Array(58) }))).toMatch(
      /^dicom-tag: .*PixelData \(7fe0,0010\) has 58 bytes, expected 60 for its frames/,
    );
    expect(await refusal(await segmentation('labelmap', { Rows: 0 }))).toMatch(/^dicom-tag: .*Rows .* is 0/);
  });

  it('refuses bits in RLE, which the standard does not define', async () => {
    const path = await segmentation('binary', {});
    const bytes = await readFile(path);
    // Both UIDs have 20 bytes with padding.
    const at = bytes.indexOf('1.2.840.10008.1.2.1\0', 132);
    bytes.write('1.2.840.10008.1.2.5\0', at, 'latin1');
    await writeFile(path, bytes);
    expect(await refusal(path)).toMatch(/^dicom-seg: .*its bits are compressed as RLE Lossless/);
  });

  it('does not allocate what a damaged header claims', async () => {
    const none = { NumberOfFrames: 0, PixelData: undefined, PerFrameFunctionalGroupsSequence: [] };
    const huge = { Rows: 65535, Columns: 65535 };
    expect(
      (await readSegmentation(await segmentation('labelmap', { ...none, ...huge }), { segment: 1 })).frames,
    ).toEqual([]);
    expect(await refusal(await segmentation('binary', huge))).toMatch(/^dicom-tag: .*PixelData/);
  });
});
