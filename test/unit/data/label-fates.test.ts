import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Volume, worldLPS, writeMask, writeVolume } from '../../../dist/ct/index.js';
import { openDataset, prepare } from '../../../dist/data/index.js';
import { labelScan } from '../../../dist/data/labelling/labelScan.js';
import { resampleScan } from '../../../dist/data/labelling/resampleScan.js';
import {
  type Annotation,
  accountRows,
  createRule,
  type LabelAccount,
  type LabelRuleOptions,
  type ScanTruth,
} from '../../../dist/labels/index.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume } from '../../support/volume.js';

const scratch = scratchFolder('label-fates');
let made = 0;
const newFolder = (name: string) => join(scratch, `${name}-${++made}`);

const shape = [24, 60, 64] as const;
/** As a scan of the chest: the origin is negative, and slices are thicker than pixels. */
const grid = { spacing: [0.7, 0.7, 2], origin: [-20, -25, -300] } as const;

/** A place [slice, row, column] in the scan as its point. */
const pointAt = ([slice, row, column]: readonly [number, number, number]) =>
  worldLPS(column * 0.7 - 20, row * 0.7 - 25, slice * 2 - 300);

/** Lung of -850 HU with balls of 40 HU at these places. */
function scan(uid: string, places: readonly (readonly [number, number, number])[], changes: Partial<Volume> = {}) {
  const isDense = (s: number, r: number, c: number) =>
    places.some(([i, j, k]) => Math.hypot((i - s) * 2, (j - r) * 0.7, (k - c) * 0.7) <= 4);
  return buildVolume(shape, (s, r, c) => (isDense(s, r, c) ? 40 : -850), { ...grid, uid, ...changes });
}

const at = (x: number, y: number, z: number, diameterMm: number | null = 8, line = 2): Annotation => ({
  uid: 'scan',
  center: worldLPS(x, y, z),
  diameterMm,
  line,
});
const nothing: ScanTruth = { annotations: [], mask: null, votes: null, contours: null };
const label = (volume: Volume, truth: Partial<ScanTruth>, options: LabelRuleOptions = {}, background = 0) =>
  labelScan(volume, { ...nothing, ...truth }, createRule(options), background);

const PLACES = [
  [5, 20, 20],
  [12, 30, 40],
  [18, 40, 15],
] as const;
const points = PLACES.map(pointAt);

describe('an annotation', () => {
  const volume = scan('scan', PLACES);
  const fates = async (annotations: Annotation[], options?: LabelRuleOptions) => {
    const { nodules, lost = [] } = await label(volume, { annotations }, options);
    return { used: nodules.length, lost: lost.map(({ annotation, fate }) => [annotation, fate]), first: lost[0] };
  };
  const [x, y, z] = points[0]!;

  it('outside the volume is no nodule, and says where it is', async () => {
    const { used, first } = await fates([at(x, y, z), at(500, y, z, 8)]);
    expect([used, first]).toMatchObject([
      1,
      {
        annotation: 1,
        fate: 'outside',
        center: [5, 20, 743],
        reason: expect.stringMatching(
          /^The point is at slice, row, column 5, 20, 743, outside the volume of 24 × 60 × 64/,
        ),
      },
    ]);
  });

  it.each([
    ['swapped-xz', (_: readonly number[], [x, y, z]: readonly number[]) => at(z!, y!, x!)],
    ['voxels-xyz', ([s, r, c]: readonly number[]) => at(c!, r!, s!)],
    ['voxels-zyx', ([s, r, c]: readonly number[]) => at(s!, r!, c!)],
    ['flipped-xy', (_: readonly number[], [x, y, z]: readonly number[]) => at(-x! + 0, -y! + 0, z!)],
    ['from-corner', ([s, r, c]: readonly number[]) => at(c! * 0.7, r! * 0.7, s! * 2)],
  ])('outside that is written %s is recognised', async (cause, write) => {
    // Off centre, so that the mirror image is outside.
    const off = scan('scan', PLACES, { origin: [20, 30, -300] });
    const annotations = PLACES.map((place) => {
      const [x, y, z] = pointAt(place);
      return write(place, [x + 40, y + 55, z]);
    });
    const { nodules, lost = [] } = await label(off, { annotations });
    expect([nodules.length, lost.map(({ fate }) => fate)]).toEqual([0, ['outside', 'outside', 'outside']]);
    for (const { causes } of lost) expect(causes).toHaveProperty(cause, 'dense');
    const account = await accountOf([off], [{ annotations }]);
    expect(account.likelyCause).toMatchObject({ cause, explained: 3 });
  });

  it('twice is one nodule, and a neighbour is another', async () => {
    expect(await fates([at(x, y, z), at(x + 0.5, y, z, 7), at(...points[1]!)])).toMatchObject({
      used: 2,
      lost: [[1, 'duplicate']],
      first: { reason: 'It repeats the annotation at -6, -11, -290 (0.50 mm away).' },
    });
    expect(await fates([at(x, y, z, 6), at(x + 6, y, z, 6)])).toMatchObject({ used: 2, lost: [] });
    for (const labels of ['sphere', 'box'] as const)
      expect(await fates([at(x, y, z), at(x, y, z), at(x, y, z)], { labels })).toMatchObject({ used: 1 });
  });

  it('of 500 mm is not drawn, but it may be if a mask shows the nodule', async () => {
    for (const labels of ['sphere', 'box'] as const)
      expect(await fates([at(x, y, z, 500), at(...points[1]!)], { labels })).toMatchObject({
        used: 1,
        lost: [[0, 'size']],
        first: { reason: expect.stringContaining('The diameter is 500 mm, expected at most 100 mm') },
      });
    expect((await fates([at(x, y, z, 60)])).first?.reason).toContain("60 mm, expected at most the scan's 48 mm");
    const mask = await labelImage(volume, (s, r, c) => (Math.hypot(s - 5, r - 20, c - 20) < 3 ? 1 : 0));
    const { nodules, lost } = await label(volume, { annotations: [at(x, y, z, 500)], mask });
    expect([nodules.length, lost]).toEqual([1, undefined]);
  });

  it('without a dense voxel or a diameter has no voxel', async () => {
    expect(await fates([at(0, 0, -280, null)])).toMatchObject({
      used: 0,
      lost: [[0, 'no-voxel']],
      first: { reason: 'No voxel is labelled at slice, row, column 10, 36, 29 (-850 HU).' },
    });
  });

  it('that is not in the mask has no voxel; a nodule on which readers do not agree is used', async () => {
    const mask = await labelImage(volume, (s, r, c) => (Math.hypot(s - 5, r - 20, c - 20) < 3 ? 1 : 0));
    const annotations = [at(x, y, z), at(...points[1]!)];
    const byMask = await label(volume, { annotations, mask }, { labels: 'mask' });
    expect([byMask.nodules.length, byMask.lost]).toMatchObject([1, [{ annotation: 1, fate: 'no-voxel' }]]);
    const byVotes = await label(volume, { annotations, votes: mask }, { labels: 'votes' });
    expect(byVotes.nodules.map(({ voxels }) => voxels)).toEqual([0]);
    expect(byVotes.lost).toMatchObject([{ annotation: 1, fate: 'no-voxel' }]);
  });

  it('that is lost inside the volume gives no background there and no false positive', async () => {
    const place = at(0, 0, -280, null);
    const candidates = [worldLPS(0, 0, -280), worldLPS(2, 0, -280), worldLPS(12, 10, -280)];
    const { background, ignored } = await label(volume, { annotations: [place, at(900, 0, 0)], candidates }, {}, 200);
    expect(ignored).toEqual([{ center: [10, 36, 29], diameterMm: 10 }]);
    expect(background.length).toBeGreaterThan(100);
    for (const [s, r, c] of background)
      expect(Math.hypot((s - 10) * 2, (r - 36) * 0.7, (c - 29) * 0.7)).toBeGreaterThanOrEqual(10);
  });

  it('that no coarse voxel shows is lost by resampling', async () => {
    const tiny = at(-6, -11, -290, 1.5, 7);
    const scanned = await label(scan('scan', []), { annotations: [tiny] }, { labels: 'sphere' }, 50);
    expect(scanned.nodules).toHaveLength(1);
    const coarse = resampleScan({ ...scanned, ignored: [{ center: [10, 36, 29], diameterMm: 10 }] }, [4, 4, 4]);
    expect(coarse.nodules).toEqual([]);
    expect(coarse.lost).toMatchObject([
      { annotation: 0, fate: 'no-voxel', reason: expect.stringContaining('4, 4, 4') },
    ]);
    // Findings to ignore move with the grid, too.
    expect(coarse.ignored).toMatchObject([{ center: [5, 6, 5] }, { diameterMm: 1.5 }]);
  });
});

/** A label image on the grid of a scan. */
async function labelImage(volume: Volume, value: (s: number, r: number, c: number) => number): Promise<string> {
  const path = `${newFolder('mask')}.mha`;
  const [, rows, columns] = shape;
  const voxels = Uint8Array.from({ length: volume.voxels.length }, (_, k) =>
    value(Math.floor(k / (rows * columns)), Math.floor(k / columns) % rows, k % columns),
  );
  await writeMask(path, { ...volume, voxels });
  return path;
}

/** The account of scans in memory, as a data folder of them has it. */
async function accountOf(volumes: readonly Volume[], truths: readonly Partial<ScanTruth>[]): Promise<LabelAccount> {
  const { sumLabels } = await import('../../../dist/labels/index.js');
  const { scanLabels } = await import('../../../dist/data/labelling/scanLabels.js');
  const scans = await Promise.all(
    volumes.map(async (volume, n) =>
      scanLabels(volume.uid, await label(volume, truths[n]!), truths[n]!.annotations ?? []),
    ),
  );
  return sumLabels(scans);
}

/** A folder in LUNA16's layout: two scans with three nodules each, and this list. */
async function lunaFolder(lines: readonly string[]): Promise<string> {
  const dir = newFolder('luna');
  await mkdir(join(dir, 'subset0'), { recursive: true });
  for (const uid of ['a', 'b'])
    await writeVolume(join(dir, 'subset0', `${uid}.mhd`), scan(uid, PLACES), { compress: true });
  await writeFile(join(dir, 'annotations.csv'), `seriesuid,coordX,coordY,coordZ,diameter_mm\n${lines.join('\n')}\n`);
  return dir;
}
const row = (uid: string, [x, y, z]: readonly number[], diameter: number | string = 8) =>
  `${uid},${x},${y},${z},${diameter}`;
const all = ['a', 'b'].flatMap((uid) => points.map((point) => row(uid, point)));
const lostLines = [
  row('a', [500, 0, 0]),
  row('a', points[0]!),
  row('b', [0, 0, -280], ''),
  row('b', points[1]!, 500),
  row('c', [1, 2, 3]),
];

describe('the account of a data set', () => {
  it('adds up: every line of the list has one fate, the same from the folder and from the store', async () => {
    const data = await lunaFolder([...all, ...lostLines]);
    const out = newFolder('store');
    const store = await prepare({ data, out, workers: 1 });
    const folder = await openDataset(data);
    const notes: string[] = [];
    await prepare({ data, out, workers: 1 }, undefined, { onNotes: (found) => notes.push(...found) });
    expect(notes).toEqual(folder.notes);
    expect(folder.labelAccount()).toMatchObject({ scans: 0, scansInAll: 2, annotated: 1, onDisk: 0 });
    for (const uid of ['a', 'b']) {
      await folder.load(uid);
      expect(await store.load(uid)).toEqual(await folder.load(uid));
    }
    const account = folder.labelAccount();
    expect(account).toMatchObject({
      ...{ scans: 2, scansInAll: 2, annotated: 11, onDisk: 10, used: 6, withoutAgreement: 0 },
      lost: { 'no-scan': 1, outside: 1, duplicate: 1, size: 1, 'no-voxel': 1 },
      images: { read: 0, other: 0, empty: 0 },
    });
    expect(account.annotated).toBe(account.used + Object.values(account.lost).reduce((a, b) => a + b, 0));
    expect(store.labelAccount()).toEqual(account);
    expect((await openDataset(out)).labelAccount(['a'])).toMatchObject({ scans: 1, annotated: 6, used: 3 });
    expect(accountRows(account)).toEqual([
      ['annotated', '11'],
      ['on disk', '10'],
      ['of a series that is not on disk', '1'],
      ['outside the volume', '1'],
      ['the same nodule twice', '1'],
      ['of an impossible size', '1'],
      ['without a labelled voxel', '1'],
      ['used', '6'],
    ]);
    const csv = (await readFile(join(out, 'lost-labels.csv'), 'utf8')).trim().split('\n');
    expect(csv[0]).toBe('seriesuid,line,coordX,coordY,coordZ,diameter_mm,fate,reason');
    expect(
      csv.slice(1).map((line) =>
        line
          .split(',')
          .filter((_, n) => n < 2 || n === 6)
          .join(),
      ),
    ).toEqual(['c,12,no-scan', 'a,8,outside', 'a,9,duplicate', 'b,10,no-voxel', 'b,11,size']);
  });

  it('knows the current lines of a list, though an edited list keeps unchanged scans', async () => {
    const data = await lunaFolder([...all, row('b', [500, 0, 0])]);
    const out = newFolder('store');
    await prepare({ data, out, workers: 1 });
    await writeFile(
      join(data, 'annotations.csv'),
      `seriesuid,coordX,coordY,coordZ,diameter_mm\n${[row('z', [0, 0, 0]), ...all, row('b', [500, 0, 0])].join('\n')}\n`,
    );
    const kept: boolean[] = [];
    const store = await prepare({ data, out, workers: 1 }, (progress) => kept.push(progress.kept));
    expect(kept).toEqual([true, true]);
    expect(store.labelAccount().cases.map(({ uid, line }) => `${uid} ${line}`)).toEqual(['z 2', 'b 9']);
    await writeFile(join(data, 'annotations.csv'), `seriesuid,coordX,coordY,coordZ,diameter_mm\n${all.join('\n')}\n`);
    await prepare({ data, out, workers: 1 });
    expect(existsSync(join(out, 'lost-labels.csv'))).toBe(false);
  });

  it('stops preparing if most are lost, names the likely cause and lists them, unless it is allowed', async () => {
    const data = await lunaFolder(PLACES.map(([s, r, c]) => row('a', [c * 10, r, s])).concat(all.slice(3, 5)));
    const out = newFolder('store');
    const swapped = await lunaFolder(['a', 'b'].flatMap((uid) => points.map(([x, y, z]) => row(uid, [z, y, x]))));
    await expect(prepare({ data: swapped, out, workers: 1 })).rejects.toMatchObject({
      code: 'labels-lost',
      message: expect.stringMatching(
        /6 of 6 annotations have no label \(6 outside the volume\)\. Read with x and z swapped, 6 of the 6 points .*First: series a, line 2: .*lost-labels\.csv.*--allow-lost-labels/,
      ),
    });
    expect((await readFile(join(out, 'lost-labels.csv'), 'utf8')).split('\n')).toHaveLength(8);
    await expect(openDataset(out)).rejects.toMatchObject({ code: 'data-layout' });
    await expect(prepare({ data, out, workers: 1 })).rejects.toThrow('3 of 5 annotations have no label');
    const kept: boolean[] = [];
    const store = await prepare({ data, out, workers: 1, allowLostLabels: true }, (one) => kept.push(one.kept));
    expect([kept, store.labelAccount().used]).toEqual([[true, true], 2]);
    expect((await openDataset(out, { allowLostLabels: true })).scans).toHaveLength(2);
    const twice = await lunaFolder([...all, ...all, ...all]);
    expect((await prepare({ data: twice, out: newFolder('store') })).labelAccount().lost.duplicate).toBe(12);
  });

  it('stops if a coarse spacing leaves no voxel of most', async () => {
    const data = await lunaFolder(['a', 'b'].flatMap((uid) => points.map((point) => row(uid, point, 2))));
    const options = { data, workers: 1, labels: 'sphere', spacing: [12, 12, 12] } as const;
    await expect(prepare({ ...options, spacing: [12, 12, 12], out: newFolder('store') })).rejects.toMatchObject({
      code: 'labels-lost',
      message: expect.stringContaining('give a finer --spacing'),
    });
  });
});

describe('label images', () => {
  /** Pairs of the same scan and label images with these values at one nodule and elsewhere. */
  async function pairs(...values: readonly (readonly [nodule: number, elsewhere: number])[]) {
    const dir = newFolder('pairs');
    const cases = values.map((_, n) => `case${n}`);
    for (const folder of ['imagesTr', 'labelsTr']) await mkdir(join(dir, folder), { recursive: true });
    for (const [n, [nodule, elsewhere]] of values.entries()) {
      const volume = scan(cases[n]!, PLACES);
      await writeVolume(join(dir, 'imagesTr', `${cases[n]}_0000.mha`), volume);
      const voxels = new Uint8Array(volume.voxels.length);
      voxels.fill(nodule, 200, 203);
      voxels.fill(elsewhere, 9000, 9003);
      await writeMask(join(dir, 'labelsTr', `${cases[n]}.mha`), { ...volume, voxels });
    }
    await writeFile(
      join(dir, 'dataset.json'),
      JSON.stringify({
        channel_names: { 0: 'CT' },
        labels: { background: 0, lung: 1, nodule: 2 },
        numTraining: cases.length,
        file_ending: '.mha',
      }),
    );
    return dir;
  }

  it('are counted: with nodules, with other labels only, empty', async () => {
    const data = await pairs([2, 1], [0, 1], [0, 0], [2, 0]);
    const store = await prepare({ data, label: 'nodule', out: newFolder('store'), workers: 1 });
    expect(store.labelAccount()).toMatchObject({
      ...{ annotated: 2, used: 2 },
      images: { read: 4, other: 1, empty: 1 },
    });
    expect(store.labelValues('case0')).toEqual({ nodule: [2], other: [0, 1] });
  });

  it('of which none holds a nodule are refused', async () => {
    for (const [values, found] of [
      [
        [
          [0, 1],
          [0, 0],
        ],
        '1 hold other labels, 1 nothing',
      ],
      [
        [
          [0, 0],
          [0, 0],
        ],
        'all are empty',
      ],
    ] as const) {
      const data = await pairs(...values);
      const options = { data, label: 'nodule', out: newFolder('store'), workers: 1 };
      await expect(prepare(options)).rejects.toMatchObject({
        code: 'labels-lost',
        message: expect.stringContaining(`none of 2 label images holds a nodule (${found})`),
      });
      expect((await prepare({ ...options, allowLostLabels: true })).scans).toHaveLength(2);
    }
  });
});
