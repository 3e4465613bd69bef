import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type SegmentationToWrite,
  segmentationDataSet,
} from '../../../../dist/ct/dicom/segmentation/writeSegmentation.js';
import { type DataSet, writeDicomFile } from '../../../../dist/ct/index.js';
import { readMaskFor } from '../../../../dist/labels/index.js';
import { scratch, series } from '../../../support/dicomSeries.js';
import { maskOf, openSeries, twoSegments } from '../../../support/segmentations.js';

let files: Awaited<ReturnType<typeof openSeries>>;
beforeAll(async () => {
  files = await openSeries(await series());
});
let made = 0;
type Group = Record<string, unknown>;

/** A segmentation of `series()` (60 voxels, 12 in a slice) with some attributes changed. */
const written = async (
  change: (dataSet: Record<string, unknown>) => Record<string, unknown> | undefined,
  more: Partial<SegmentationToWrite> = {},
): Promise<string> => {
  const dataSet = segmentationDataSet({
    source: files.source,
    grid: files.scan,
    segments: twoSegments(),
    kind: 'binary',
    algorithm: { name: 'a', version: '1' },
    key: 'key',
    description: 'd',
    ...more,
  }) as Record<string, unknown>;
  const path = join(scratch(), `other ${made++}`);
  await writeDicomFile(path, { ...dataSet, ...change(dataSet) } as DataSet);
  return path;
};
const groups = (dataSet: Record<string, unknown>) => dataSet.PerFrameFunctionalGroupsSequence as Group[];
const on = async (path: string, segment?: number) => {
  const notes: string[] = [];
  const voxels = await readMaskFor(files.scan, path, {
    segment,
    onNote: (text) => notes.push(text.replace(`${path}: `, '')),
  });
  return { voxels: [...voxels], notes };
};
const masks = () => twoSegments().map((segment) => maskOf(files.scan, segment));

/** Bits of each frame, unpacked from the data set. */
const framesOf = (dataSet: Record<string, unknown>): number[][] => {
  const bytes = dataSet.PixelData as Uint8Array;
  const bit = (k: number) => (bytes[k >> 3]! >> (k & 7)) & 1;
  return groups(dataSet).map((_, frame) => Array.from({ length: 12 }, (_, k) => bit(12 * frame + k)));
};
const packed = (bits: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((value, k) => {
    bytes[k >> 3]! |= value << (k & 7);
  });
  return bytes;
};
const even = (bytes: Uint8Array): Uint8Array => (bytes.length % 2 === 0 ? bytes : Uint8Array.from([...bytes, 0]));

describe('frames of a segmentation', () => {
  it('may be in any order', async () => {
    const path = await written((dataSet) => ({
      PerFrameFunctionalGroupsSequence: [...groups(dataSet)].reverse(),
      PixelData: even(packed(framesOf(dataSet).reverse().flat())),
    }));
    expect(await on(path, 1)).toEqual({ voxels: masks()[0], notes: [] });
    expect(await on(path, 2)).toEqual({ voxels: masks()[1], notes: [] });
  });

  it('may state position, orientation or segment once for all', async () => {
    const one = twoSegments().slice(1);
    const path = await written(
      (dataSet) => {
        const [{ PlanePositionSequence, SegmentIdentificationSequence, ...rest }] = groups(dataSet) as [Group];
        const [shared] = dataSet.SharedFunctionalGroupsSequence as [Group];
        return {
          PerFrameFunctionalGroupsSequence: [rest],
          SharedFunctionalGroupsSequence: [{ ...shared, PlanePositionSequence, SegmentIdentificationSequence }],
        };
      },
      { segments: one },
    );
    expect((await on(path)).voxels).toEqual(masks()[1]);
  });

  it('may have no dimension index, nor the segment if there is one', async () => {
    const path = await written(
      (dataSet) => ({
        DimensionIndexSequence: undefined,
        DimensionOrganizationSequence: undefined,
        PerFrameFunctionalGroupsSequence: groups(dataSet).map(
          ({ FrameContentSequence: _, SegmentIdentificationSequence: __, ...group }) => group,
        ),
      }),
      { segments: twoSegments().slice(0, 1) },
    );
    expect(await on(path)).toEqual({ voxels: masks()[0], notes: [] });
  });

  it('must state the segment if there are several', async () => {
    const path = await written((dataSet) => ({
      PerFrameFunctionalGroupsSequence: groups(dataSet).map(({ SegmentIdentificationSequence: _, ...group }) => group),
    }));
    await expect(on(path, 1)).rejects.toThrow(/ReferencedSegmentNumber \(0062,000b\) is missing/);
  });

  it('of segments that are not described are counted', async () => {
    const path = await written((dataSet) => ({
      SegmentSequence: (dataSet.SegmentSequence as Group[]).slice(0, 1),
    }));
    expect(await on(path, 1)).toEqual({
      voxels: masks()[0],
      notes: ['skipping 1 frames of segments that SegmentSequence (0062,0002) does not list: 2'],
    });
  });

  it('of overlapping segments each keep their own pixels', async () => {
    const [first, second] = twoSegments();
    const both = [first!, { ...second!, positions: Int32Array.from([1, 13, 30]) }];
    const path = await written(() => ({}), { segments: both });
    expect((await on(path, 1)).voxels).toEqual(maskOf(files.scan, both[0]!));
    expect((await on(path, 2)).voxels).toEqual(maskOf(files.scan, both[1]!));
  });
});

describe('bits of a segmentation', () => {
  it('may end without padding', async () => {
    const path = await written((dataSet) => ({ PixelData: packed(framesOf(dataSet).flat()) }));
    expect((await on(path, 2)).voxels).toEqual(masks()[1]);
  });

  it('may begin on a whole byte in each frame, as old writers have them', async () => {
    for (const pad of [even, (bytes: Uint8Array) => bytes]) {
      const path = await written((dataSet) => ({
        PixelData: pad(Buffer.concat(framesOf(dataSet).map(packed))),
      }));
      for (const segment of [1, 2])
        expect(await on(path, segment)).toEqual({
          voxels: masks()[segment - 1],
          notes: ['its frames each begin on a whole byte, against the standard, which is taken into account'],
        });
    }
  });
});
