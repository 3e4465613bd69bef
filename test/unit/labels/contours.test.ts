import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexIRC, type Matrix3, readMask, readVolume } from '../../../dist/ct/index.js';
import { contourVotes } from '../../../dist/labels/contours/contourVotes.js';
import { readLidcXml } from '../../../dist/labels/contours/readLidcXml.js';
import { componentAt, createRule, indexContours, readAnnotations, type ScanTruth } from '../../../dist/labels/index.js';
import { scratchFolder } from '../../support/scratch.js';
import { sharedData } from '../../support/shared.js';
import { buildVolume } from '../../support/volume.js';

const uid = '1.2.3';
const shape = [4, 20, 24] as const;
const scan = buildVolume(shape, 0, { spacing: [0.7, 0.7, 2.5], origin: [-10, -20, 100], uid });
const folder = scratchFolder('contours');
let files = 0;

type Roi = { z?: number | string; sop?: string; inclusion?: string; points: readonly (readonly [number, number])[] };
const roiXml = ({ z = 102.5, sop = '9.9', inclusion = 'TRUE', points }: Roi) =>
  `<roi><imageZposition>${z} </imageZposition><imageSOP_UID>${sop}</imageSOP_UID><inclusion>${inclusion}</inclusion>${points
    .map(([x, y]) => `<edgeMap><xCoord>${x}</xCoord><yCoord>${y}</yCoord></edgeMap>`)
    .join('')}</roi>`;
const lidcXml = (readers: readonly (readonly (readonly Roi[])[])[], series = uid) =>
  `<?xml version="1.0"?><LidcReadMessage xmlns="http://www.nih.gov"><ResponseHeader><SeriesInstanceUid>${series}</SeriesInstanceUid></ResponseHeader>${readers
    .map(
      (nodules) =>
        `<readingSession>${nodules
          .map(
            (rois) => `<unblindedReadNodule><noduleID>n</noduleID>${rois.map(roiXml).join('')}</unblindedReadNodule>`,
          )
          .join('')}<nonNodule><imageZposition>5000</imageZposition></nonNodule></readingSession>`,
    )
    .join('')}</LidcReadMessage>`;
const fileOf = (text: string): string => {
  const path = join(folder, `${files++}.xml`);
  writeFileSync(path, text);
  return path;
};
const truthOf = (contours: string, annotations: ScanTruth['annotations'] = []): ScanTruth => ({
  annotations,
  mask: null,
  votes: null,
  contours,
});
const label = (readers: readonly (readonly (readonly Roi[])[])[], threshold = 1, volume = scan) =>
  createRule({ labels: 'contours', votes: { threshold } }).label(volume, truthOf(fileOf(lidcXml(readers))));

/** The outline of the rectangle of pixels from (left, top) to (right, bottom), pixel by pixel. */
const rectangle = (left: number, top: number, right: number, bottom: number): [number, number][] => {
  const points: [number, number][] = [];
  for (let x = left; x < right; x++) points.push([x, top]);
  for (let y = top; y < bottom; y++) points.push([right, y]);
  for (let x = right; x > left; x--) points.push([x, bottom]);
  for (let y = bottom; y > top; y--) points.push([left, y]);
  return points;
};
const marked = (mask: Uint8Array) =>
  [...mask.keys()].filter((k) => mask[k] !== 0).map((k) => [Math.floor(k / 480), Math.floor(k / 24) % 20, k % 24]);
const box = (slice: number, top: number, left: number, bottom: number, right: number) => {
  const voxels: number[][] = [];
  for (let r = top; r <= bottom; r++) for (let c = left; c <= right; c++) voxels.push([slice, r, c]);
  return voxels;
};

describe("the rule 'contours'", () => {
  it('labels the inside of an outline, without the outline', async () => {
    const { mask, nodules } = await label([[[{ points: rectangle(5, 4, 9, 8) }]]]);
    expect(marked(mask)).toEqual(box(1, 5, 6, 7, 8));
    const volume = 9 * 0.7 * 0.7 * 2.5;
    expect(nodules).toMatchObject([{ center: [1, 6, 7], boxLow: [1, 5, 6], boxHigh: [1, 7, 8] }]);
    expect(nodules[0]!.annotation.diameterMm).toBeCloseTo(2 * Math.cbrt((3 * volume) / (4 * Math.PI)), 12);
    expect(nodules[0]!.annotation.center.map((mm) => Number(mm.toFixed(6)))).toEqual([-5.1, -15.8, 102.5]);
  });

  it('removes an exclusion from its own nodule only', async () => {
    const hole = { inclusion: 'FALSE', points: rectangle(8, 7, 12, 11) };
    const whole = { points: rectangle(3, 3, 16, 16) };
    const inside = box(1, 8, 9, 10, 11).map(String);
    const { mask } = await label([[[hole, whole]]]);
    expect(marked(mask)).toEqual(box(1, 4, 4, 15, 15).filter((voxel) => !inside.includes(String(voxel))));
    const two = await label([[[whole, hole], [{ points: rectangle(7, 6, 13, 12) }]]]);
    expect(marked(two.mask)).toEqual(box(1, 4, 4, 15, 15));
  });

  it('counts a reader once where two of its nodules overlap, and joins what overlaps into one nodule', async () => {
    const [a, b] = [{ points: rectangle(3, 3, 10, 10) }, { points: rectangle(6, 6, 14, 14) }];
    expect(marked((await label([[[a], [b]]], 2)).mask)).toEqual([]);
    const both = await label([[[a]], [[b]], [[{ z: 105, points: rectangle(18, 1, 22, 5) }]]], 2);
    expect(marked(both.mask)).toEqual(box(1, 7, 7, 9, 9));
    expect(both.nodules.map(({ boxLow, boxHigh }) => [boxLow, boxHigh])).toEqual([
      [
        [1, 7, 7],
        [1, 9, 9],
      ],
      [
        [2, 3, 20],
        [2, 3, 20],
      ],
    ]);
  });

  it('ignores single points and non-nodules', async () => {
    const { mask, nodules } = await label([[[{ points: [[5, 5]] }]], []]);
    expect([marked(mask), nodules]).toEqual([[], []]);
  });

  it('finds the slice by its SOP instance UID if the scan has them, else by the nearest z', async () => {
    const points = rectangle(5, 4, 9, 8);
    const known = { ...scan, sliceUids: ['7.0', '7.1', '7.2', '7.3'] };
    expect(marked((await label([[[{ sop: '7.3', points }]]], 1, known)).mask)[0]![0]).toBe(3);
    expect(marked((await label([[[{ z: 106.2, points }]]])).mask)[0]![0]).toBe(2);
    const descending: Matrix3 = [
      [-1, 0, 0],
      [0, 1, 0],
      [0, 0, -1],
    ];
    expect(marked((await label([[[{ z: 95, points }]]], 1, { ...scan, direction: descending })).mask)).toEqual(
      box(2, 5, 6, 7, 8),
    );
  });

  it('keeps columns and rows for a patient in prone position', async () => {
    const prone: Matrix3 = [
      [-1, 0, 0],
      [0, -1, 0],
      [0, 0, 1],
    ];
    const { mask } = await label([[[{ points: rectangle(5, 4, 9, 8) }]]], 1, { ...scan, direction: prone });
    expect(marked(mask)).toEqual(box(1, 5, 6, 7, 8));
  });

  it('fills any polygon by the even-odd rule, without its outline', () => {
    const point = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 19 }));
    return fc.assert(
      fc.asyncProperty(fc.array(point, { minLength: 3, maxLength: 8 }), async (points) => {
        const { mask } = await label([[[{ points }]]]);
        const expected: number[][] = [];
        for (let r = 0; r < 20; r++)
          for (let c = 0; c < 24; c++) if (isStrictlyInside(points, c, r)) expected.push([1, r, c]);
        expect(marked(mask)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [
      'another series',
      lidcXml([], '1.2.4'),
      'contours-series',
      /on 1\.2\.3: the outlines are of series 1\.2\.4, expected 1\.2\.3\. Give the outlines of this scan/,
    ],
    [
      'a slice outside the scan',
      lidcXml([[[{ z: 110.5, points: rectangle(1, 1, 4, 4) }]]]),
      'contours-slice',
      /an outline is at z 110\.5, expected .* \(z 100 to 107\.5 in steps of 2\.5 mm\)/,
    ],
    [
      'a pixel beyond the slice',
      lidcXml([[[{ points: rectangle(20, 1, 24, 4) }]]]),
      'contours-pixel',
      /pixel 24, 1, expected pixels in 24 columns and 20 rows/,
    ],
    ['plain text', 'plain text', 'lidc-xml', /not well-formed XML/],
    [
      'an XML file of another kind',
      '<html></html>',
      'lidc-xml',
      /the root element is "html", expected LIDC's LidcReadMessage/,
    ],
    ['an entity bomb', '<!DOCTYPE a [<!ENTITY b "cc">]><LidcReadMessage/>', 'lidc-xml', /DOCTYPE/],
    ['a broken file', lidcXml([]).slice(0, -12), 'lidc-xml', /not well-formed XML/],
    [
      'a coordinate that is not a number',
      lidcXml([
        [
          [
            {
              points: [
                [1, 2],
                [Number.NaN, 3],
              ],
            },
          ],
        ],
      ]),
      'lidc-xml',
      /xCoord of outline 1 of nodule 1 of reader 1 is "NaN", expected a whole number/,
    ],
    [
      'an inclusion that is neither TRUE nor FALSE',
      lidcXml([[[{ inclusion: 'MAYBE', points: rectangle(1, 1, 4, 4) }]]]),
      'lidc-xml',
      /inclusion of outline 1 .* is "MAYBE"/,
    ],
  ])('refuses %s', async (_what, text, code, message) => {
    const path = fileOf(text);
    await expect(createRule({ labels: 'contours' }).label(scan, truthOf(path))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('refuses a scan whose direction is not that of axial DICOM slices', async () => {
    const mirrored: Matrix3 = [
      [-1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ];
    const coronal: Matrix3 = [
      [1, 0, 0],
      [0, 0, 1],
      [0, -1, 0],
    ];
    for (const direction of [mirrored, coronal])
      await expect(label([[[{ points: rectangle(5, 4, 9, 8) }]]], 1, { ...scan, direction })).rejects.toMatchObject({
        code: 'contours-grid',
      });
  });

  it('refuses a scan without outlines and names the option to give', () => {
    expect(() => createRule({ labels: 'contours' }).files({ ...truthOf(''), contours: null })).toThrowError(
      expect.objectContaining({ code: 'label-source', message: expect.stringContaining('--contours') }),
    );
  });
});

describe('the index of outlines', () => {
  it('finds files by series in a tree of folders, ignores others, and refuses two that differ', async () => {
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'a', 'b'), { recursive: true });
    await expect(indexContours(tree)).rejects.toMatchObject({ code: 'contours-missing' });
    writeFileSync(join(tree, 'a', 'b', '1.xml'), lidcXml([], '1.5'));
    writeFileSync(join(tree, 'a', '2.XML'), lidcXml([], '1.6'));
    writeFileSync(join(tree, 'other.xml'), '<a/>');
    writeFileSync(join(tree, 'again.xml'), lidcXml([], '1.5'));
    expect([...(await indexContours(tree))]).toEqual([
      ['1.6', join(tree, 'a', '2.XML')],
      ['1.5', join(tree, 'a', 'b', '1.xml')],
    ]);
    writeFileSync(join(tree, 'again.xml'), lidcXml([[]], '1.5'));
    await expect(indexContours(tree)).rejects.toMatchObject({ code: 'contours-twice' });
    await expect(indexContours(join(tree, 'c'))).rejects.toMatchObject({ code: 'contours-missing' });
  });
});

const luna = sharedData('luna16');
const xml = sharedData('dicom');
const dicom = sharedData('dicom', 'LIDC-IDRI-0001');
describe.skipIf(luna === null || xml === null)('on the two real scans (skipped without ../shared)', () => {
  const real = ['170706757615202213033480003264', '179049373636438705059720603192'].map(
    (end) => `1.3.6.1.4.1.14519.5.2.1.6279.6001.${end}`,
  );
  const all = luna === null ? [] : readAnnotations(join(luna, 'annotations.csv'));

  it.each(real.map((one, subset) => [one, subset] as const))(
    "turns readers' outlines of %s into their votes voxel for voxel, and finds the annotated nodules",
    async (series, subset) => {
      const volume = await readVolume(join(luna as string, `subset${subset}`, `${series}.mhd`), { intensity: 'hu' });
      const contours = (await indexContours(xml as string)).get(series) as string;
      const annotations = (await all).filter((one) => one.uid === series);
      const votes = await readMask(join(luna as string, 'votes', `${series}_votes.mhd`));
      const ours = contourVotes(volume, await readLidcXml(contours));
      expect(Buffer.compare(ours.votes, votes.voxels)).toBe(0);
      expect(Math.max(...ours.groups.flat().map((position) => votes.voxels[position]!))).toBe(4);
      const { nodules } = await createRule({ labels: 'contours' }).label(volume, truthOf(contours, annotations));
      const listed = nodules.filter(({ annotation }) => annotation.line > 0);
      expect(listed.map(({ annotation }) => annotation)).toEqual(expect.arrayContaining(annotations));
      for (const { center } of listed)
        expect(componentAt((k) => votes.voxels[k]! >= 2, volume.shape, indexIRC(...center)).length).toBeGreaterThan(0);
    },
  );

  it.skipIf(dicom === null)('does the same for the DICOM series, with slices found by SOP instance UID', async () => {
    const volume = await readVolume(dicom as string);
    expect(volume.sliceUids).toHaveLength(volume.shape[0]);
    // With every z wrong, only the UIDs can place the outlines.
    const moved = { ...volume, origin: [volume.origin[0], volume.origin[1], 4000] as const };
    const contours = (await indexContours(xml as string)).get(volume.uid) as string;
    const ours = contourVotes(moved, await readLidcXml(contours));
    const votes = await readMask(join(luna as string, 'votes', `${volume.uid}_votes.mhd`));
    expect(Buffer.compare(ours.votes, votes.voxels)).toBe(0);
  });
});

/** Counts the edges to the right of a point; a point on an edge is outside. */
function isStrictlyInside(points: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let inside = false;
  for (const [n, [x1, y1]] of points.entries()) {
    const [x2, y2] = points[(n + 1) % points.length]!;
    const cross = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1);
    const between = x >= Math.min(x1, x2) && x <= Math.max(x1, x2) && y >= Math.min(y1, y2) && y <= Math.max(y1, y2);
    if (cross === 0 && between) return false;
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) * (x2 - x1)) / (y2 - y1)) inside = !inside;
  }
  return inside;
}
