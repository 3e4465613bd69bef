import { describe, expect, it } from 'vitest';
import type { SourceAttributes, Volume } from '../../../../dist/ct/index.js';
import { measureNodules } from '../../../../dist/model/measure/measureNodules.js';
import type { Fields, Stack } from '../../../support/dicomBytes.mjs';
import { add, oblique, series, stack } from '../../../support/dicomSeries.js';
import { enhancedFields } from '../../../support/enhancedCt.js';
import { nodule } from '../../../support/scanResults.js';
import { all, groupsOf, itemsOf, linesOf, open, report } from '../../../support/structuredReports.js';

describe('the axes in a structured report', () => {
  /** World position of a point of a line by the tags of its slice, as PS3.3 C.7.6.2.1.1 defines them. */
  const worldOf = (
    source: SourceAttributes,
    line: NonNullable<ReturnType<typeof linesOf>[0]>,
    at: number,
  ): number[] => {
    const slice = source.slices.find(
      ({ instance, frame }) => instance === line.instance && (line.frame === undefined || frame === line.frame),
    )!;
    const [x, y] = [line.data[2 * at]! - 0.5, line.data[2 * at + 1]! - 0.5];
    return [0, 1, 2].map(
      (k) =>
        slice.position[k]! +
        slice.rowAxis[k]! * slice.pixelSpacing[1] * x +
        slice.columnAxis[k]! * slice.pixelSpacing[0] * y,
    );
  };
  /** The same by the grid of the scan. */
  const scanWorld = ({ spacing, origin, direction }: Volume, index: readonly number[]): number[] => {
    const offset = [index[2]! * spacing![0], index[1]! * spacing![1], index[0]! * spacing![2]];
    return origin.map((start, k) => start + direction[k]!.reduce((sum, entry, axis) => sum + entry * offset[axis]!, 0));
  };
  const expectNear = (ours: readonly number[], theirs: readonly number[], digits = 4) => {
    for (const [k, value] of ours.entries()) expect(value).toBeCloseTo(theirs[k]!, digits);
  };

  it('are pixels of the slice, whose first one has its centre at 0.5\\0.5', async () => {
    const files = await open(await series());
    const { dataSet } = report(files, [nodule(1, { at: [3, 2, 1] })]);
    const [long, short] = linesOf(groupsOf(dataSet)[0]!);
    expect(long!.instance).toBe('1.2.3.4');
    expectNear(long!.data, [1, 2.5, 3, 2.5]);
    expectNear(short!.data, [1.5, 2, 1.5, 3]);
    expect(long!.frame).toBeUndefined();
  });

  it('reach to the border of the image and not beyond', async () => {
    const files = await open(await series());
    const { dataSet } = report(files, [nodule(1, { at: [0, 3, 0] }), nodule(2, { at: [4, 0, 1] })]);
    const [first, second] = groupsOf(dataSet).map(linesOf);
    expectNear(first![0]!.data, [0, 3.5, 2, 3.5]);
    expectNear(second![0]!.data, [1, 0.5, 3, 0.5]);
    expectNear(second![1]!.data, [1.5, 0, 1.5, 1]);
  });

  it('end at the border of the image where they slant beyond it', async () => {
    const files = await open(await series());
    const [, , columns] = files.scan.shape;
    // The corner and its neighbours: half a pixel beyond their centres lies outside.
    const positions = Int32Array.of(0, 1, columns);
    const [measured] = measureNodules(files.scan, [{ number: 1, score: 0.5, positions }], null);
    expect(Math.min(...[...measured!.axes.long, ...measured!.axes.short].flat())).toBeLessThan(-0.5);
    const { dataSet, notes } = report(files, [measured!]);
    expect(notes).toEqual([]);
    const ends = linesOf(groupsOf(dataSet)[0]!).flatMap((line) => line!.data);
    expect(ends).toHaveLength(8);
    expect(Math.min(...ends)).toBe(0);
  });

  const flipped: Stack = {
    ...stack,
    direction: [
      [-1, 0, 0],
      [0, -1, 0],
      [0, 0, 1],
    ],
  };
  /** Slices that a tilted gantry leaves: the table moves along z, the slices lean. */
  const tilted: Stack = {
    ...stack,
    shape: [8, 24, 12],
    spacing: [0.75, 0.5, 2],
    direction: [
      [1, 0, 0],
      [0, Math.cos(0.3), 0],
      [0, Math.sin(0.3), 1],
    ],
    stored: new Int16Array(8 * 24 * 12).fill(900),
  };
  it.each<[string, () => Promise<string>, boolean, readonly [number, number, number]]>([
    ['an oblique series', () => series({}, { ...stack, direction: oblique }), false, [3, 2, 1]],
    ['a prone series', () => series({}, flipped), false, [3, 2, 1]],
    ['a series straightened from a tilted gantry', () => series({}, tilted), true, [4, 12, 5]],
    [
      'a series with a missing slice',
      () => series({ name: (k) => (k === 6 ? null : `${k}`) }, { ...tilted, direction: stack.direction }),
      true,
      [3, 12, 5],
    ],
    [
      'an Enhanced CT',
      async () => {
        const dir = await series({ name: () => null });
        await add(dir, 'enhanced.dcm', enhancedFields(stack, { order: [3, 1, 0, 4, 2] }));
        return dir;
      },
      false,
      [3, 2, 1],
    ],
  ])('lie where they were measured in %s', async (_what, make, resample, at) => {
    const files = await open(await make(), resample);
    if (resample) expect(files.scan.sliceUids).toBeUndefined();
    const one = nodule(1, { at });
    const { dataSet, notes } = report(files, [one]);
    expect(notes).toEqual([]);
    const lines = linesOf(groupsOf(dataSet)[0]!);
    for (const [k, axis] of (['long', 'short'] as const).entries()) {
      for (const end of [0, 1]) {
        const [row, column] = one.axes[axis][end]!;
        expectNear(worldOf(files.source, lines[k]!, end), scanWorld(files.scan, [at[0], row, column]), 3);
      }
    }
  });

  it('have no lines where the missing slice of an uneven series would be', async () => {
    const even = { ...tilted, direction: stack.direction };
    const files = await open(await series({ name: (k) => (k === 4 ? null : `${k}`) }, even), true);
    const { dataSet, notes } = report(files, [nodule(1, { at: [4, 12, 5] }), nodule(2, { at: [5, 12, 5] })]);
    expect(groupsOf(dataSet).map((group) => linesOf(group)[0]?.instance)).toEqual([undefined, '1.2.3.6']);
    expect(notes).toEqual([expect.stringMatching(/axes of nodule 1 without lines/)]);
  });

  it('are as long as measured, also where pixels are not square', async () => {
    const wide = { ...tilted, direction: oblique };
    const files = await open(await series({}, wide));
    const [, rows, columns] = files.scan.shape;
    const at = (row: number, column: number) => (4 * rows + row) * columns + column;
    const positions = Int32Array.of(at(3, 2), at(4, 3), at(4, 4), at(5, 5), at(9, 6), at(10, 7));
    const [measured] = measureNodules(files.scan, [{ number: 1, score: 0.5, positions }], null);
    const { dataSet } = report(files, [measured!]);
    const lengths = linesOf(groupsOf(dataSet)[0]!).map((line) => {
      const [from, to] = [0, 1].map((end) => worldOf(files.source, line!, end));
      return Math.hypot(...from!.map((value, k) => value - to![k]!));
    });
    expectNear(lengths, [measured!.longAxisMm!, measured!.shortAxisMm!]);
  });

  it('lie on the slices of a reference series, whatever way the scan runs', async () => {
    const dir = await series();
    const { scan, source } = await open(dir);
    const [sx, , sz] = scan.spacing!;
    // The same scan from the last slice and the last column on.
    const [slices, , columns] = scan.shape;
    const turned: Volume = {
      ...scan,
      origin: [scan.origin[0] + (columns - 1) * sx, scan.origin[1], scan.origin[2] + (slices - 1) * sz],
      direction: [
        [-1, 0, 0],
        [0, 1, 0],
        [0, 0, -1],
      ],
    };
    const { dataSet, notes } = report({ scan: turned, source }, [nodule(1, { at: [1, 2, 1] })]);
    expect(notes).toEqual([]);
    const [long] = linesOf(groupsOf(dataSet)[0]!);
    expect(long!.instance).toBe('1.2.3.4');
    expectNear(long!.data, [2, 2.5, 0, 2.5]);
  });

  const anonymous: Fields = { SOPInstanceUID: undefined };
  it.each<[string, Fields | null, (scan: Volume) => Volume]>([
    ['slices have no SOPInstanceUID', anonymous, (scan) => scan],
    ['the series is of another place', null, (scan) => ({ ...scan, origin: [500, 0, 0] })],
    [
      'the series is of another plane',
      null,
      (scan) => ({
        ...scan,
        direction: [
          [1, 0, 0],
          [0, 0, 1],
          [0, -1, 0],
        ],
        origin: [-20, 30, -95],
      }),
    ],
    ['the spacing is unknown', null, (scan) => ({ ...scan, spacing: null })],
  ])('have no lines, and a note, where %s', async (_what, over, change) => {
    const { scan, source } = await open(await series(over === null ? {} : { over: () => over }));
    const { dataSet, notes } = report({ scan: change(scan), source }, [nodule(1), nodule(2)]);
    expect(groupsOf(dataSet).flatMap(linesOf)).toEqual([null, null, null, null]);
    expect(notes).toEqual([expect.stringMatching(/axes of nodules 1, 2 without lines/)]);
    // Every NUM keeps content, which OHIF reads.
    for (const item of all(dataSet)) if (item.ValueType === 'NUM') expect(itemsOf(item).length).toBeGreaterThan(0);
  });
});
