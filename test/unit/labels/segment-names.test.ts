import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Volume } from '../../../dist/ct/index.js';
import { readMaskFor } from '../../../dist/labels/index.js';
import { scratch, series } from '../../support/dicomSeries.js';
import { openSeries, segmentsAt, writeTo } from '../../support/segmentations.js';
import { writeStructureSet } from '../../support/structureSets.js';
import { buildVolume } from '../../support/volume.js';

const scan = buildVolume([4, 8, 8], 0, { frameOfReferenceUid: '1.2.3.5' });
let made = 0;

/** A structure set whose region k, from 0, marks one voxel of slice k. */
const regions = (names: readonly (string | Uint8Array)[], terms?: string, numbers: readonly number[] = []) =>
  writeStructureSet(
    join(scratch(), `names ${made++}.dcm`),
    names.map((name, k) => ({
      number: numbers[k] ?? k + 1,
      name,
      contours: [
        {
          points: [
            [1.5, 1.5, k],
            [2.5, 1.5, k],
            [2.5, 2.5, k],
            [1.5, 2.5, k],
          ],
        },
      ],
    })),
    { over: { '(0008,0005) CS': terms } },
  );
const chosen = async (path: string, segment: string | number, of: Volume = scan) => {
  const notes: string[] = [];
  const voxels = await readMaskFor(of, path, { segment, onNote: (text) => notes.push(text.replace(`${path}: `, '')) });
  return { slice: Math.floor(voxels.indexOf(1) / 64), notes };
};
const sliceOf = async (path: string, segment: string | number) => (await chosen(path, segment)).slice;
const refusal = (path: string, segment?: string | number): Promise<string> =>
  readMaskFor(scan, path, { segment }).then(
    () => expect.unreachable('it was read'),
    ({ message }: Error) => message.replace(`reading the mask ${path}: `, ''),
  );

describe('names beyond ASCII', () => {
  it.each([
    ['ISO_IR 100', 'Läsion', '4ce473696f6e'],
    ['ISO_IR 192', 'Läsion 結節', '4cc3a473696f6e20e7b590e7af80'],
    ['GBK', '肺结节', 'b7cebde1bdda'],
    ['GB18030', '肺结节', 'b7cebde1bdda'],
    ['\\ISO 2022 IR 87', '肺結節', '1b24424759376b40611b2842'],
    ['ISO 2022 IR 13\\ISO 2022 IR 87', 'ﾊｲ結節', '1b2949cab21b2442376b40611b284a'],
    ['\\ISO 2022 IR 149', '폐결절', '1b242943c6f3b0e1c0fd'],
    ['ISO_IR 144', 'Узел', 'c3d7d5db'],
    // Without a character set they are guessed: UTF-8 where they are, else Latin-1.
    ['', 'Läsion', '4cc3a473696f6e'],
    ['', 'Läsion', '4ce473696f6e'],
  ])('are decoded and can be chosen: %s, %s', async (terms, name, hex) => {
    const path = await regions(['Other', Buffer.from(hex, 'hex')], terms || undefined);
    expect(await refusal(path)).toContain(`: 1 (Other, 1 contour), 2 (${name}, 1 contour). Choose one`);
    for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const)
      expect(await sliceOf(path, name.normalize(form)), form).toBe(1);
    expect(await sliceOf(path, ` ${name.toUpperCase()}  `)).toBe(1);
  });

  it('are decoded in a SEG as they were written', async () => {
    const { scan: volume, source } = await openSeries(await series());
    const segments = segmentsAt([0], [13]).map((segment, k) => ({ ...segment, label: k === 0 ? 'Gefäß' : 'Läsion' }));
    const { path } = await writeTo({ source, grid: volume }, segments);
    expect(await refusal(path)).toContain('2 segments, and none is chosen: 1 (Gefäß), 2 (Läsion).');
    for (const name of ['Läsion', 'La\u0308sion', 'läsion', 'LÄSION', '2', ' 2 '])
      expect((await readMaskFor(volume, path, { segment: name })).indexOf(1)).toBe(13);
    expect((await readMaskFor(volume, path, { segment: 'GEFÄß' })).indexOf(1)).toBe(0);
  });

  it('are decomposed in the file, or have invisible characters', async () => {
    const path = await regions(['Other', Buffer.from('La\u0308sion\u200e'), Buffer.from('a\u00a0 b')], 'ISO_IR 192');
    expect(await sliceOf(path, 'Läsion')).toBe(1);
    expect(await sliceOf(path, 'A B')).toBe(2);
    expect(await refusal(path)).toContain('2 (Läsion, 1 contour), 3 (a b, 1 contour)');
  });

  it('are not shown if they have control characters or are too long', async () => {
    const path = await regions(['a\x07b', 'x'.repeat(65), '', '\x1b[31mred'], 'ISO_IR 192');
    // Without the escape character, which begins another character set.
    expect(await refusal(path)).toMatch(/: 1 \(unnamed, 1 contour\), 2 \(unnamed, .*3 \(unnamed, .*4 \(\[31mred, /);
  });
});

describe('choosing by name', () => {
  it('ignores case and spaces around, unless that leaves several', async () => {
    const path = await regions(['GTV', 'gtv', 'Lung  Left']);
    expect(await sliceOf(path, 'GTV')).toBe(0);
    expect(await sliceOf(path, ' gtv ')).toBe(1);
    expect(await sliceOf(path, 'lung left')).toBe(2);
    expect(await refusal(path, 'Gtv')).toMatch(/^it has 3 regions, and 2 of them match "Gtv"/);
    expect(await refusal(path, '')).toMatch(/0 of them match ""/);
    expect(await refusal(path, 'unnamed')).toMatch(/0 of them match/);
  });

  it('takes a number for a number, and says so if it is also a name', async () => {
    const path = await regions(['2', '1', '7']);
    expect(await chosen(path, '1')).toEqual({
      slice: 0,
      notes: ['"1" is taken as the number of a region; the one with this label is number 2'],
    });
    expect(await chosen(path, 1)).toEqual({ slice: 0, notes: [] });
    // No region has number 7.
    expect(await chosen(path, '7')).toEqual({ slice: 2, notes: [] });
    expect(await refusal(path, 7)).toMatch(/0 of them match 7/);
  });

  it('works with numbers from 0 and with gaps', async () => {
    const path = await regions(['a', 'b', 'c'], undefined, [0, 5, 300]);
    expect(await Promise.all([0, '5', 300].map((number) => sliceOf(path, number)))).toEqual([0, 1, 2]);
  });

  it('lists names that occur twice, and at most a hundred', async () => {
    const twice = await regions(['GTV', 'GTV']);
    expect(await refusal(twice, 'GTV')).toBe(
      'it has 2 regions, and 2 of them match "GTV": 1 (GTV, 1 contour), 2 (GTV, 1 contour). Choose one by its number ' +
        'or label (segment).',
    );
    const many = await regions(Array.from({ length: 150 }, (_, k) => `r${k}`));
    expect(await refusal(many)).toMatch(/100 \(r99, 1 contour\), and 50 more\. Choose one/);
  });
});
