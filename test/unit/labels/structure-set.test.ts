import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { indexIRC, indexToWorld, type Volume } from '../../../dist/ct/index.js';
import { readMaskFor } from '../../../dist/labels/readMaskFor.js';
import type { NoduleTrainError } from '../../../dist/runtime/error.js';
import { implicitLittle } from '../../support/dicomBytes.mjs';
import { oblique } from '../../support/dicomSeries.js';
import { scratchFolder } from '../../support/scratch.js';
import { type DrawnContour, type StructureSetFields, writeStructureSet } from '../../support/structureSets.js';
import { buildVolume } from '../../support/volume.js';

const folder = scratchFolder('structure-set');
const [slices, rows, columns] = [4, 10, 12] as const;
/** The grid of the series in test/support/dicomSeries, oblique, so that no axis can be mixed up. */
const scan = buildVolume([slices, rows, columns], 0, {
  spacing: [0.75, 0.5, 2.5],
  origin: [-20, 30.5, -100],
  direction: oblique,
  frameOfReferenceUid: '1.2.3.5',
});

type Corner = readonly [row: number, column: number];

/** Corners at a fractional slice, in mm of the patient. */
const at = (slice: number, corners: readonly Corner[], of: Volume = scan): DrawnContour => ({
  points: corners.map(([row, column]) => [...indexToWorld(of, indexIRC(slice, row, column))]),
});
const box = (top: number, left: number, bottom: number, right: number): Corner[] => [
  [top, left],
  [top, right],
  [bottom, right],
  [bottom, left],
];
/** Marks rows 2 to 6, columns 3 to 8: 30 voxels. */
const square = box(1.6, 2.6, 6.4, 8.4);

let made = 0;
const mask = async (contours: readonly DrawnContour[], fields: StructureSetFields = {}, of: Volume = scan) => {
  const path = join(folder, `${made++}.dcm`);
  await writeStructureSet(path, [{ number: 1, contours }], fields);
  const notes: string[] = [];
  const voxels = await readMaskFor(of, path, { onNote: (text) => notes.push(text.replace(`${path}: `, '')) });
  const [, r, c] = of.shape;
  const perSlice = Array.from({ length: of.shape[0] }, (_, k) =>
    voxels.subarray(k * r * c, (k + 1) * r * c).reduce((sum, voxel) => sum + voxel, 0),
  );
  return { voxels, perSlice, notes };
};
const refusal = (contours: readonly DrawnContour[], fields: StructureSetFields = {}): Promise<string> =>
  mask(contours, fields).then(
    () => expect.unreachable('it was read'),
    ({ code, message }: NoduleTrainError) => `${code}: ${message}`,
  );

describe('contours that occur twice', () => {
  const turned = [...square.slice(2), ...square.slice(0, 2)];
  const withMiddles = square.flatMap((corner, k): Corner[] => {
    const next = square[(k + 1) % square.length]!;
    return [corner, [(corner[0] + next[0]) / 2, (corner[1] + next[1]) / 2]];
  });
  it.each<[string, Corner[]]>([
    ['the same', square],
    ['from another corner', turned],
    ['in the other direction', [...square].reverse()],
    ['with its first point again at the end', [...square, square[0]!]],
    ['with points twice', square.flatMap((corner) => [corner, corner])],
    ['with more points on its sides', withMiddles],
    ['rounded', square.map(([row, column]) => [row + 0.03, column - 0.03])],
  ])('are one contour: %s', async (_name, other) => {
    const { perSlice, notes } = await mask([at(1, square), at(1, other), at(2, square)]);
    expect(perSlice).toEqual([0, 30, 30, 0]);
    expect(notes).toEqual(['skipped 1 contours that repeat another']);
  });

  it('are one contour however often', async () => {
    const { perSlice, notes } = await mask([at(1, square), at(1, square), at(1, square), at(1, square)]);
    expect([perSlice[1], notes]).toEqual([30, ['skipped 3 contours that repeat another']]);
  });

  it('are not confused with a hole, or with a neighbour of the same size', async () => {
    const hole = await mask([at(1, square), at(1, box(2.6, 3.6, 5.4, 7.4))]);
    expect([hole.perSlice[1], hole.notes]).toEqual([30 - 12, []]);
    const two = await mask([at(1, box(0.6, 0.6, 3.4, 3.4)), at(1, box(0.6, 4.6, 3.4, 7.4))]);
    expect([two.perSlice[1], two.notes]).toEqual([18, []]);
  });

  it('are compared in time, however many there are', { timeout: 30_000 }, async () => {
    const large = buildVolume([1, 300, 300], 0, { frameOfReferenceUid: '1.2.3.5' });
    // Different contours in one box, so that none is ruled out by it.
    const contours = Array.from({ length: 300 }, (_, k) =>
      at(
        0,
        [
          [1, 150 + k / 10],
          [150 + k / 10, 298],
          [298, 150 - k / 10],
          [150 - k / 10, 1],
        ],
        large,
      ),
    );
    const { voxels, notes } = await mask(contours, {}, large);
    expect(voxels).toHaveLength(90_000);
    expect(notes.join()).toMatch(/skipped \d+ contours that repeat another/);
    const tiny = Array.from({ length: 10_000 }, () =>
      at(
        0,
        [
          [5.2, 5.2],
          [5.2, 5.4],
          [5.4, 5.2],
        ],
        large,
      ),
    );
    expect((await mask(tiny, { syntax: implicitLittle }, large)).notes[0]).toBe(
      'skipped 9999 contours that repeat another',
    );
  });

  it('leave a hole in a hole marked', async () => {
    const rings = [box(0.6, 0.6, 8.4, 8.4), box(1.6, 1.6, 7.4, 7.4), box(2.6, 2.6, 6.4, 6.4)];
    const { perSlice } = await mask(rings.map((corners) => at(1, corners)));
    expect(perSlice[1]).toBe(64 - 36 + 16);
  });
});

describe('contours that overlap in part', () => {
  it('are reported, as what both enclose is left out', async () => {
    const { perSlice, notes } = await mask([at(1, box(0.6, 0.6, 4.4, 4.4)), at(1, box(2.6, 2.6, 6.4, 6.4))]);
    expect(perSlice[1]).toBe(16 + 16 - 2 * 4);
    expect(notes).toEqual(['1 pairs of contours overlap in part; what both enclose is not in the mask']);
  });
});

describe('contours off the slices', () => {
  const boxOf = (k: number) => box(1.6, 2.6, 2.4 + k, 8.4);
  it('are all half a slice off: each is drawn on its own slice, with the distance', async () => {
    for (const noise of [0, 1e-4, -1e-4]) {
      const { perSlice, notes } = await mask([0.5, 1.5, 2.5].map((slice, k) => at(slice + noise * (k - 1), boxOf(k))));
      expect(perSlice).toEqual([6, 12, 18, 0]);
      expect(notes).toEqual([
        'all 3 contours lie 0.50 slices (1.25 mm) after the slices that they are drawn on, so they may be of another series',
      ]);
    }
    const { perSlice, notes } = await mask([-0.5, 0.5, 1.5].map((slice, k) => at(slice, boxOf(k))));
    expect(perSlice).toEqual([6, 12, 18, 0]);
    expect(notes[0]).toMatch(/^all 3 contours lie 0\.50 slices \(1\.25 mm\) before the slices/);
  });

  it('are all a part of a slice off', async () => {
    const { perSlice, notes } = await mask([0.7, 1.7].map((slice, k) => at(slice, boxOf(k))));
    expect(perSlice).toEqual([0, 6, 12, 0]);
    expect(notes[0]).toMatch(/^all 2 contours lie 0\.30 slices \(0\.750 mm\) before/);
  });

  it('are off by different distances: the nearest counts, with the numbers', async () => {
    const { perSlice, notes } = await mask([0, 0.7, 1.2, 2].map((slice, k) => at(slice, boxOf(k))));
    // Of 0.7 and 1.2, the second is nearer to slice 1.
    expect(perSlice).toEqual([6, 18, 24, 0]);
    expect(notes).toEqual([
      '1 contours lie between two slices; each is drawn on the nearer one',
      'skipped 1 contours because others are nearer to their slice',
    ]);
  });

  it('are not off if a slice has none', async () => {
    const { notes } = await mask([at(0, square), at(2, square)]);
    expect(notes).toEqual(['1 slices between its contours have no contour and stay empty']);
  });
});

describe('contours outside the scan', () => {
  it('are refused with the figures, in the plane', async () => {
    expect(await refusal([at(1, box(2, 30, 6, 40)), at(2, box(2, 31, 6, 40))])).toBe(
      `mask-grid: placing the mask ${join(folder, `${made - 1}.dcm`)} on its scan: 2 of its 2 contours reach outside ` +
        'the scan, with 100 % of the area: they extend over slices 1.0 to 2.0, rows 2.0 to 6.0, columns 30.0 to 40.0, ' +
        'expected slices 0 to 3, rows 0 to 9, columns 0 to 11. Give the contours of this scan.',
    );
    for (const corners of [box(-9, 2, -4, 6), box(20, 2, 24, 6), box(2, -9, 6, -4), box(-1e9, -1e9, 1e9, 1e9)])
      expect(await refusal([at(1, corners)])).toMatch(/^mask-grid: .*1 of its 1 contours reach outside the scan/);
  });

  it('are refused above and below', async () => {
    expect(await refusal([at(-3, square), at(-2, square)])).toMatch(/100 % of the area.*slices -3\.0 to -2\.0/);
    expect(await refusal([at(3, square), at(4, square)])).toMatch(/1 of its 2 contours .* 50 % .*slices 4\.0 to 4\.0/);
  });

  it('are refused if more than a twentieth is outside, else cut off with a note', async () => {
    // 3 of 8 columns beyond the border are outside, then 2 of 60 of one slice in two.
    expect(await refusal([at(1, box(1, -4, 5, 4))])).toMatch(/with 37 % of the area/);
    const wide = buildVolume([4, 60, 60], 0, { frameOfReferenceUid: '1.2.3.5' });
    const { perSlice, notes } = await mask(
      [at(1, box(10, -2.5, 50, 57.5), wide), at(2, box(10.5, 10.5, 50.5, 50.5), wide)],
      {},
      wide,
    );
    expect(perSlice.slice(1, 3)).toEqual([40 * 58, 1600]);
    expect(notes).toEqual([
      '1 of its 2 contours reach outside the scan, with 1.5 % of the area (slices 1.0 to 1.0, rows 10.0 to 50.0, columns -2.5 to 57.5); that part is cut off',
    ]);
  });

  it('may run around the voxels of the border', async () => {
    const { perSlice, notes } = await mask([at(0, box(-0.5, -0.5, rows - 0.5, columns - 0.5))]);
    expect([perSlice[0], notes]).toEqual([rows * columns, []]);
  });
});

describe('contours of little', () => {
  it('have one point, two, or none: skipped and counted', async () => {
    const { perSlice, notes } = await mask([
      at(1, square),
      at(1, square.slice(0, 1)),
      at(1, square.slice(0, 2)),
      { points: [], data: '' },
      { ...at(2, square.slice(0, 1)), type: 'POINT' },
    ]);
    expect(perSlice).toEqual([0, 30, 0, 0]);
    expect(notes).toEqual([
      'skipping 1 of its contours that are single points (POINT)',
      'skipping 3 of its contours that have fewer than three points',
    ]);
  });

  it('enclose the middle of no voxel: counted', async () => {
    const sliver = at(1, box(1.1, 1.1, 1.4, 9));
    const { perSlice, notes } = await mask([at(1, square), sliver, at(2, box(3.2, 3.2, 3.8, 3.8))]);
    expect(perSlice).toEqual([0, 30, 0, 0]);
    expect(notes).toEqual(['2 contours enclose the middle of no voxel']);
  });

  it('are a region that marks nothing: said', async () => {
    const { voxels, notes } = await mask([at(2, box(3.2, 3.2, 3.8, 3.8))]);
    expect(voxels.includes(1)).toBe(false);
    expect(notes).toEqual([
      '1 contours enclose the middle of no voxel',
      'the mask is empty: the region encloses the middle of no voxel',
    ]);
  });

  it('are a region without a closed contour: refused', async () => {
    expect(await refusal([])).toMatch(/^dicom-rtstruct: .*region 1 has no closed contour, expected CLOSED_PLANAR/);
    expect(await refusal([{ ...at(1, square.slice(0, 1)), type: 'POINT' }])).toMatch(
      /region 1 has no closed contour \(skipping 1 of its contours that are single points \(POINT\)\)/,
    );
    const path = await writeStructureSet(join(folder, 'no-contours.dcm'), [{ number: 3 }]);
    await expect(readMaskFor(scan, path)).rejects.toThrow(/region 3 has no closed contour/);
    const empty = await writeStructureSet(join(folder, 'no-regions.dcm'), []);
    await expect(readMaskFor(scan, empty)).rejects.toThrow(/it has no region\. Give another file/);
  });
});

describe('types of contours', () => {
  it.each(['CLOSED_PLANAR', 'CLOSEDPLANAR_XOR', 'CLOSED_PLANAR_XOR', 'CLOSEDPLANAR', 'closed_planar'])(
    'are closed: %s',
    async (type) => {
      const inner = { ...at(1, box(2.6, 3.6, 5.4, 7.4)), type };
      expect((await mask([{ ...at(1, square), type }, inner])).perSlice[1]).toBe(30 - 12);
    },
  );

  it('are open: refused, unless the contour ends where it begins', async () => {
    for (const type of ['OPEN_PLANAR', 'OPEN_NONPLANAR'])
      expect(await refusal([at(2, square), { ...at(1, square), type }])).toMatch(
        new RegExp(`^dicom-rtstruct: .*contour 2 of region 1 is ${type} .*expected CLOSED_PLANAR`),
      );
    const { perSlice, notes } = await mask([{ ...at(1, [...square, square[0]!]), type: 'OPEN_PLANAR' }]);
    expect(perSlice[1]).toBe(30);
    expect(notes).toEqual(['taking 1 open contours of the region as closed, as they end where they begin']);
  });

  it('are unknown or missing: refused without their text', async () => {
    expect(await refusal([{ ...at(1, square), type: 'SMITH' }])).toMatch(/contour 1 of region 1 has an unknown type/);
    expect(await refusal([{ ...at(1, square), type: '' }])).toMatch(/contour 1 of region 1 has no type/);
  });
});

describe('numbers of contours', () => {
  const text = (contour: DrawnContour) => contour.points!.flat().map(String);
  it('may have decimal commas, exponents, signs, spaces and many digits', async () => {
    const numbers = text(at(1, square));
    const commas = await mask([{ data: numbers.map((number) => number.replace('.', ',')).join('\\') }]);
    expect([commas.perSlice[1], commas.notes]).toEqual([
      30,
      [
        'reading decimal commas in 1 of its contours',
        'using all points of 1 of its contours, although NumberOfContourPoints (3006,0046) states another number',
      ],
    ]);
    const odd = numbers.map((number, k) => (k % 2 ? ` ${Number(number).toExponential(9)} ` : number.padEnd(30, '0')));
    expect((await mask([{ data: odd.join('\\'), count: 4 }])).perSlice[1]).toBe(30);
    expect((await mask([{ data: `${numbers.join('\\')}\\`, count: 4 }])).perSlice[1]).toBe(30);
  });

  it.each([
    ['1\\2\\x', /ContourData \(3006,0050\) of contour 2 has no number as value 3, expected x, y and z in mm/],
    ['1\\NaN\\3', /of contour 2 has no number as value 2/],
    ['1\\\\3', /of contour 2 has no number as value 2/],
    ['1\\0x10\\3', /of contour 2 has no number as value 2/],
    ['1\\1e999\\3', /of contour 2 has no number as value 2/],
    ['1.234,5\\2\\3', /of contour 2 has no number as value 1/],
    ['1\\2\\3\\4', /of contour 2 has 4 numbers, expected x, y and z of each point/],
  ])('are refused with their place: %s', async (data, message) => {
    expect(await refusal([at(1, square), { data }])).toMatch(message);
  });

  it('are read from implicit VR and longer than 64 kB', async () => {
    // A 20-cornered ring has its points again and again, as densely sampled contours do.
    const dense = Array.from({ length: 2000 }, (_, k): Corner => {
      const angle = (2 * Math.PI * k) / 2000;
      return [4.5 + 3 * Math.sin(angle), 5.5 + 3 * Math.cos(angle)];
    });
    const contour = at(1, dense);
    expect(text(contour).join('\\').length).toBeGreaterThan(65_536);
    const { perSlice, notes } = await mask([contour], { syntax: implicitLittle });
    expect([perSlice[1], notes]).toEqual([32, []]);
  });
});

describe('a structure set larger than the tags of any image', () => {
  it('is read, without its other regions', async () => {
    const data = '1.5\\'.repeat(9_000_000);
    const path = await writeStructureSet(
      join(folder, 'large'),
      [
        { number: 1, name: 'Lungs', contours: [{ data }] },
        { number: 2, contours: [at(1, square)] },
      ],
      { syntax: implicitLittle },
    );
    expect((await stat(path)).size).toBeGreaterThan(2 ** 25);
    expect((await readMaskFor(scan, path, { segment: 2 })).filter(Boolean)).toHaveLength(30);
  });
});

describe('a keyhole', () => {
  it('is a ring whose inside is joined to its outside by a channel of no width', async () => {
    const [outer, inner] = [square, box(2.6, 3.6, 5.4, 7.4)];
    const keyhole = [...outer, outer[0]!, ...[inner[0]!, ...inner.slice(1).reverse(), inner[0]!]];
    const { perSlice, notes } = await mask([at(1, keyhole)]);
    expect([perSlice[1], notes]).toEqual([30 - 12, []]);
  });
});

describe('regions', () => {
  it('with one name are chosen by number', async () => {
    const path = await writeStructureSet(join(folder, 'same-names.dcm'), [
      { number: 1, name: 'GTV', contours: [at(1, square)] },
      { number: 2, name: 'GTV', contours: [at(2, square)] },
    ]);
    await expect(readMaskFor(scan, path, { segment: 'GTV' })).rejects.toThrow(
      /it has 2 regions, and 2 of them match "GTV": 1 \(GTV, 1 contour\), 2 \(GTV, 1 contour\)\. Choose one by its number/,
    );
    const voxels = await readMaskFor(scan, path, { segment: '2' });
    expect(voxels.subarray(2 * rows * columns, 3 * rows * columns).includes(1)).toBe(true);
  });

  it('are refused if their contours are not parallel to the slices', async () => {
    const slanting = square.map(([row, column], k) => at(1 + (k % 2) * 0.4, [[row, column]]).points![0]!);
    expect(await refusal([{ points: slanting }])).toMatch(
      /^mask-grid: .*contour 1 runs from slice 1\.00 to 1\.40, expected contours parallel to the slices/,
    );
  });
});
