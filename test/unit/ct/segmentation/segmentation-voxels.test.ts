import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readSegmentation } from '../../../../dist/ct/dicom/masks/readSegmentation.js';
import {
  indexIRC,
  indexToWorld,
  isInside,
  nearestIndex,
  type Vector3,
  type Volume,
  worldLPS,
} from '../../../../dist/ct/index.js';
import { readMaskFor } from '../../../../dist/labels/readMaskFor.js';
import { series } from '../../../support/dicomSeries.js';
import {
  maskOf,
  openSeries,
  resampledSources,
  segmentsAt,
  sources,
  twoSegments,
  writeTo,
} from '../../../support/segmentations.js';

const kinds = ['binary', 'labelmap'] as const;
const readBack = async (scan: Volume, path: string, segment: number) => [
  ...(await readMaskFor(scan, path, { segment })),
];

describe('a segmentation of a series', () => {
  const cases = sources.flatMap(([name, make]) => kinds.map((kind) => [kind, name, make] as const));
  it.each(cases)('has the same voxels when it is read onto the scan again: %s, %s', async (kind, _name, make) => {
    const { scan, source } = await openSeries(await make());
    const segments = twoSegments();
    for (const allFrames of [false, true]) {
      const { path } = await writeTo({ source, grid: scan }, segments, { kind, allFrames });
      for (const segment of segments) expect(await readBack(scan, path, segment.number)).toEqual(maskOf(scan, segment));
      // The first segment is on every slice.
      const { frames } = await readSegmentation(path, { segment: 1 });
      expect(frames).toHaveLength(5);
      // Positions are those of the slices, to the last digit.
      for (const [k, { position, pixelSpacing }] of frames.entries())
        expect([position, pixelSpacing]).toEqual([source.slices[k]!.position, source.slices[k]!.pixelSpacing]);
    }
  });

  it.each(kinds)('has no voxel without nodules, and one segment that says so: %s', async (kind) => {
    const { scan, source } = await openSeries(await series());
    for (const allFrames of [false, true]) {
      const { path } = await writeTo({ source, grid: scan }, [], { kind, allFrames });
      expect([...(await readMaskFor(scan, path))]).toEqual(new Array(60).fill(0));
      const { segment, frames } = await readSegmentation(path);
      expect(segment).toEqual({ number: 1, label: 'No nodule found' });
      expect(frames).toHaveLength(allFrames ? 5 : 1);
    }
  });

  it('writes frames with marked pixels only, unless all are asked for', async () => {
    const { scan, source } = await openSeries(await series());
    // The second nodule is on slice 2 alone, the first on slices 0 and 4.
    const segments = segmentsAt([0, 59], [30, 31]);
    const framesOf = async (kind: 'binary' | 'labelmap', allFrames: boolean) => {
      const { path } = await writeTo({ source, grid: scan }, segments, { kind, allFrames });
      const heights = async (segment: number) =>
        (await readSegmentation(path, { segment })).frames.map(({ position }) => position[2]);
      return [await heights(1), await heights(2)];
    };
    const all = [-100, -97.5, -95, -92.5, -90];
    expect(await framesOf('binary', false)).toEqual([[-100, -90], [-95]]);
    expect(await framesOf('labelmap', false)).toEqual([
      [-100, -95, -90],
      [-100, -95, -90],
    ]);
    for (const kind of kinds) expect(await framesOf(kind, true)).toEqual([all, all]);
  });

  it('has 16 bits in a label map of more than 255 segments', async () => {
    const { scan, source } = await openSeries(await series());
    const numbered = (numbers: readonly number[]) =>
      segmentsAt(...numbers.map((_, k) => [k])).map((segment, k) => ({ ...segment, number: numbers[k]! }));
    for (const [numbers, bits] of [
      [[1, 254, 255], 8],
      [[1, 255, 256], 16],
      [[1, 300, 65535], 16],
    ] as const) {
      const segments = numbered(numbers);
      const { path } = await writeTo({ source, grid: scan }, segments, { kind: 'labelmap' });
      for (const segment of segments) expect(await readBack(scan, path, segment.number)).toEqual(maskOf(scan, segment));
      const bytes = await readFile(path);
      // BitsAllocated (0028,0100) US.
      expect(bytes[bytes.indexOf(Buffer.from('280000015553', 'hex')) + 8]).toBe(bits);
    }
  });
});

describe('a segmentation of a series that was resampled', () => {
  const centre: Vector3 = [-4, 42, -92];
  const distanceTo = (place: readonly number[]) => Math.hypot(...place.map((mm, axis) => mm - centre[axis]!));
  const radius = 5;

  it.each(resampledSources)('lies on the slices as they are stored: %s', async (_name, make) => {
    const dir = await make();
    await expect(openSeries(dir)).rejects.toMatchObject({ code: expect.stringMatching(/^scan-(axes|slices)$/) });
    const { scan, source } = await openSeries(dir, true);
    const [, rows, columns] = scan.shape;
    const ball: number[] = [];
    for (let at = 0; at < scan.voxels.length; at++) {
      const index = indexIRC(Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns);
      if (distanceTo(indexToWorld(scan, index)) <= radius) ball.push(at);
    }
    const inBall = new Set(ball);
    expect(ball.length).toBeGreaterThan(50);
    for (const kind of kinds) {
      const { path } = await writeTo({ source, grid: scan }, segmentsAt(ball), { kind });
      const { frames, ...size } = await readSegmentation(path);
      expect([size.rows, size.columns]).toEqual([20, 24]);
      const stored = source.slices.map(({ position }) => position.join());
      // A pixel has the label of the nearest voxel, so it is right but for half a voxel.
      const half = Math.hypot(...scan.spacing!) / 2;
      const seen = new Map(frames.map(({ position, mask }) => [position.join(), mask]));
      expect(seen.size).toBe(frames.length);
      for (const place of seen.keys()) expect(stored).toContain(place);
      let inner = 0;
      for (const slice of source.slices) {
        for (let pixel = 0; pixel < 480; pixel++) {
          const [down, across] = [Math.floor(pixel / 24) * 1.25, (pixel % 24) * 1.5];
          const place = slice.position.map((mm, n) => mm + across * slice.rowAxis[n]! + down * slice.columnAxis[n]!);
          const marked = seen.get(slice.position.join())?.[pixel] === 1;
          const distance = distanceTo(place);
          const [x, y, z] = place as [number, number, number];
          const nearest = nearestIndex(scan, worldLPS(x, y, z));
          expect(marked).toBe(
            isInside(scan, nearest) && inBall.has((nearest[0] * rows + nearest[1]) * columns + nearest[2]),
          );
          if (distance < radius - half) inner++;
          if (marked) expect(distance).toBeLessThanOrEqual(radius + half);
          else expect(distance).toBeGreaterThanOrEqual(radius - half);
        }
      }
      expect(inner).toBeGreaterThan(20);
    }
  });

  it('reports a segment that lies between two slices, and has it without pixels', async () => {
    const { scan, source } = await openSeries(await resampledSources[1]![1](), true);
    // Slices are at -94 and -89 mm; the scan has one at -92.
    const slice = Math.round((-92 - scan.origin[2]) / scan.spacing![2]);
    expect(indexToWorld(scan, indexIRC(slice, 0, 0))[2]).toBeCloseTo(-92, 6);
    const segments = segmentsAt([slice * 480 + 100, slice * 480 + 101], [100]);
    for (const kind of kinds) {
      const { path, unplaced } = await writeTo({ source, grid: scan }, segments, { kind });
      expect(unplaced).toEqual([1]);
      const count = async (segment: number) =>
        (await readSegmentation(path, { segment })).frames.reduce(
          (sum, { mask }) => sum + mask.reduce((marked, value) => marked + value, 0),
          0,
        );
      expect([await count(1), await count(2)]).toEqual([0, 1]);
    }
  });
});
