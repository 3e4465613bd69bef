import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset, openSource, prepare, splitFromFold } from '../../../dist/data/index.js';
import { writeCrop, writeJson, writeNnunetFixture } from '../../support/datasets.js';
import { stack, writeSeriesSync } from '../../support/dicomSeries.js';
import { scratchFolderPerTest } from '../../support/scratch.js';
import { sharedData } from '../../support/shared.js';
import { structureSetBytes } from '../../support/structureSets.js';

const dir = scratchFolderPerTest('source');
const put = (name: string, text = '') => {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
};
const list = 'seriesuid,coordX,coordY,coordZ,diameter_mm\na,1,2,3,4\nb,1,2,3,4\ngone,1,2,3,4\n';
const luna = () => {
  put('annotations.csv', list);
  for (const scan of ['subset0/a.mhd', 'subset2/b.mhd']) put(scan);
};
const cases = { 'LIDC-IDRI-0004_n0': 5, 'LIDC-IDRI-0004_n1': 0, 'LIDC-IDRI-0011_n0': 7 };

describe('a folder in the layout of LUNA16', () => {
  it('has votes, masks, lungs, excluded findings and false candidates if they exist', async () => {
    luna();
    for (const name of ['votes/a_votes.mhd', 'masks/b_mask.mha', 'seg-lungs-LUNA16/a.mhd', 'seg-lungs-LUNA16/a.zraw'])
      put(name);
    put('annotations_excluded.csv', 'seriesuid,coordX,coordY,coordZ,diameter_mm\nb,7,8,9,-1\n');
    put('candidates.csv', 'seriesuid,coordX,coordY,coordZ,class\na,9,9,9,0\n');
    put('candidates_V2.csv', 'seriesuid,coordX,coordY,coordZ,class\na,1,2,3,0\na,4,5,6,1\ngone,1,1,1,0\nb,7,7,7,0\n');
    const { scans, missing } = await openSource(dir);
    expect(missing).toBe(1);
    const [a, b] = scans.map(({ truth }) => truth);
    expect([a!.votes, a!.mask, a!.lungs]).toEqual([
      join(dir, 'votes/a_votes.mhd'),
      null,
      join(dir, 'seg-lungs-LUNA16/a.mhd'),
    ]);
    expect([b!.votes, b!.mask, b!.lungs]).toEqual([null, join(dir, 'masks/b_mask.mha'), null]);
    expect([a!.candidates, b!.candidates]).toEqual([[[1, 2, 3]], [[7, 7, 7]]]);
    expect([a!.excluded!.length, b!.excluded![0]!.center, b!.excluded![0]!.diameterMm]).toEqual([0, [7, 8, 9], null]);
  });

  it('has a fold for each subset, and refuses one whose subset is missing', async () => {
    luna();
    const source = await openSource(dir);
    expect(source.folds).toHaveLength(3);
    expect(splitFromFold(source, { fold: 2 })).toMatchObject({
      train: ['a'],
      validation: ['b'],
      rule: 'fold',
      unit: 'series',
    });
    expect(() => splitFromFold(source, { fold: 1 })).toThrow(/found no series in its validation part/);
    expect(() => splitFromFold(source, { fold: 3 })).toThrow(
      /taking fold 3 of .*: found 3 folds, expected a number from 0 to 2/,
    );
  });

  it('with a damaged list of candidates is refused with the line', async () => {
    luna();
    put('candidates.csv', 'seriesuid,coordX,coordY,coordZ,class\na,9,9,9,0\na,9,x,9,0\n');
    await expect(openSource(dir)).rejects.toMatchObject({
      code: 'candidates',
      message: expect.stringMatching(/line 3: coordY is "x", expected a number/),
    });
  });
});

describe('images and label images of the same names', () => {
  it('are pairs, with patients by a pattern or a list', async () => {
    for (const name of ['p1_a', 'p1_b', 'p2_a'])
      await writeCrop(join(dir, 'images', `${name}.mha`), join(dir, 'labels', `${name}.mha`), 4);
    const source = await openSource(dir, { patientPattern: '^(p\\d)_' });
    expect([source.kind, ...source.scans.map(({ uid, patient }) => `${uid} ${patient}`)]).toEqual([
      'pairs',
      'p1_a p1',
      'p1_b p1',
      'p2_a p2',
    ]);
    await expect(openSource(dir, { patientPattern: '^q' })).rejects.toThrow(
      /finding the patient of p1_a: the pattern \/\^q\/ matches nothing in it, expected a match/,
    );
    put('patients.csv', 'seriesuid,patient\np1_a,X\n');
    expect((await openSource(dir)).scans.map(({ patient }) => patient)).toEqual([
      expect.stringMatching(/^patient-[0-9a-f]{16}$/),
      null,
      null,
    ]);
    const two = await openSource(join(dir, 'images'), { masks: join(dir, 'labels') });
    expect(two.scans.map(({ truth }) => truth.mask)).toEqual(source.scans.map(({ truth }) => truth.mask));
  });

  it('without a label image for each image are refused', async () => {
    await writeCrop(join(dir, 'images', 'a.mha'), join(dir, 'labels', 'b.mha'), 4);
    await expect(openSource(dir)).rejects.toThrow(
      /1 of 1 images have no label image of the same name in .*labels \(first: a\), expected pairs/,
    );
  });
});

describe('an nnU-Net raw dataset', () => {
  it('is read with its patients, values and intensity', async () => {
    await writeNnunetFixture(dir, { cases });
    const { kind, scans, notes, folds } = await openSource(dir);
    expect([kind, folds]).toEqual(['nnunet', []]);
    expect(scans.map(({ uid, patient }) => [uid, patient])).toEqual(
      Object.keys(cases).map((name) => [name, name.slice(0, 14)]),
    );
    expect(scans[0]).toMatchObject({
      truth: { maskValues: { nodule: [1], other: [0] }, oneNodule: true },
      read: { path: join(dir, 'imagesTr/LIDC-IDRI-0004_n0_0000.mha'), options: { intensity: 'arbitrary' } },
    });
    expect(notes).toEqual([expect.stringMatching(/Reading each case as a crop around one nodule/)]);
    expect((await openSource(dir, { crops: false })).scans[0]!.truth.oneNodule).toBe(false);
  });

  it('of version 1 has its labels by value and its channels as modality; CT is in HU', async () => {
    const json = {
      channel_names: undefined,
      modality: { 0: 'CT' },
      labels: { 0: 'background', 1: 'nodule' },
      intensity: undefined,
    };
    await writeNnunetFixture(dir, { cases, json });
    expect((await openSource(dir)).scans[0]).toMatchObject({
      truth: { maskValues: { nodule: [1], other: [0] }, oneNodule: false },
      read: { options: { intensity: 'hu' } },
    });
  });

  it('with several labels or regions needs the name of one, and never trains on the ignore label', async () => {
    const labels = { background: 0, nodule: 1, whole: [1, 2], vessel: 2, ignore: 3 };
    await writeNnunetFixture(dir, { cases, json: { labels } });
    await expect(openSource(dir)).rejects.toThrow(
      /found 3 labels, "nodule", "whole", "vessel", expected one beside the background\. Choose with --label NAME/,
    );
    await expect(openSource(dir, { label: 'ignore' })).rejects.toMatchObject({ code: 'nnunet-label' });
    const valuesOf = async (label: string) => (await openSource(dir, { label })).scans[0]!.truth.maskValues;
    expect(await valuesOf('nodule')).toEqual({ nodule: [1], other: [0, 2] });
    expect(await valuesOf('whole')).toEqual({ nodule: [1, 2], other: [0] });
  });

  it('with several channels requires choosing one', async () => {
    await writeNnunetFixture(dir, { cases, json: { channel_names: { 0: 'CT', 1: 'PET' } } });
    await expect(openSource(dir)).rejects.toThrow(
      /found 2 channels, "CT", "PET", expected one\. Choose with --channel NAME/,
    );
    await expect(openSource(dir, { channel: 'PET' })).rejects.toThrow(
      /case LIDC-IDRI-0004_n0 has no imagesTr.LIDC-IDRI-0004_n0_0001\.mha/,
    );
    expect((await openSource(dir, { channel: 'CT' })).scans).toHaveLength(3);
  });

  it('of unknown intensity asks for it', async () => {
    await writeNnunetFixture(dir, { cases, json: { intensity: undefined, channel_names: { 0: 'T2' } } });
    await expect(openSource(dir)).rejects.toMatchObject({
      code: 'nnunet-intensity',
      message: expect.stringMatching(/channel 0 is "T2"/),
    });
    expect((await openSource(dir, { intensity: 'arbitrary' })).scans).toHaveLength(3);
  });

  it.each([
    ['splits_final.json', undefined],
    ['elsewhere/splits_final.json', 'elsewhere'],
    ['elsewhere/mine.json', 'elsewhere/mine.json'],
  ])('has the folds of %s', async (file, option) => {
    await writeNnunetFixture(dir, { cases });
    const [one, two, three] = Object.keys(cases);
    writeJson(join(dir, file), [{ train: [one, two], val: [three] }]);
    const source = await openSource(dir, option === undefined ? {} : { splits: join(dir, option) });
    expect(source.folds).toEqual([{ train: [one, two], validation: [three] }]);
    expect(splitFromFold(source, { fold: 0 })).toMatchObject({
      unit: 'patient',
      fold: { number: 0, of: 1, by: 'data' },
    });
  });

  it('finds its folds in nnUNet_preprocessed, and refuses unknown cases', async () => {
    const raw = join(dir, 'nnUNet_raw', 'Dataset001_Nodule');
    await writeNnunetFixture(raw, { cases });
    const splits = join(dir, 'nnUNet_preprocessed', 'Dataset001_Nodule', 'splits_final.json');
    writeJson(splits, [{ train: ['LIDC-IDRI-0004_n0'], val: ['LIDC-IDRI-0011_n0'] }]);
    expect((await openSource(raw)).notes).toContain('The folds of the data omit 1 of its cases.');
    writeJson(splits, [{ train: ['LIDC-IDRI-0004_n0'], val: ['other'] }]);
    await expect(openSource(raw)).rejects.toThrow(/splits_final\.json: fold 0 names other, which the data do not have/);
  });

  it('with a damaged dataset.json or a missing label is refused', async () => {
    await writeNnunetFixture(dir, { cases });
    rmSync(join(dir, 'labelsTr', 'LIDC-IDRI-0011_n0.mha'));
    await expect(openSource(dir)).rejects.toThrow(/case LIDC-IDRI-0011_n0 has no labelsTr.LIDC-IDRI-0011_n0\.mha/);
    put('dataset.json', '{');
    await expect(openSource(dir)).rejects.toMatchObject({ code: 'nnunet-json' });
    writeJson(join(dir, 'dataset.json'), { channel_names: { 0: 'CT' }, labels: { nodule: 'x' } });
    await expect(openSource(dir)).rejects.toThrow(/labels\.nodule is "x", expected a number or a list of numbers/);
  });

  const shared = sharedData('lidc-nodules');
  it.skipIf(shared === null)(
    'of 971 real crops has 335 patients, each in one of five folds (skipped without ../shared/data)',
    async () => {
      const source = await openSource(shared as string);
      expect([source.scans.length, new Set(source.scans.map(({ patient }) => patient)).size]).toEqual([971, 335]);
      const { validation, unit, train } = splitFromFold(source, { folds: 5, fold: 0 });
      expect([unit, validation.length + train.length]).toEqual(['patient', 971]);
    },
  );
});

describe('a folder of unknown layout', () => {
  it('is refused with the known layouts', async () => {
    put('readme.txt');
    await expect(openSource(dir)).rejects.toMatchObject({
      code: 'data-layout',
      message: expect.stringMatching(
        /expected .*dataset\.json \(nnU-Net raw\), .*annotations\.csv \(LUNA16\), images and labels \(pairs\)/,
      ),
    });
    await expect(openSource(dir, { layout: 'luna16' })).rejects.toMatchObject({ code: 'luna16-layout' });
    await expect(openSource(join(dir, 'none'))).rejects.toMatchObject({ code: 'data-missing' });
  });

  it('is refused with options that its layout does not use', async () => {
    luna();
    await expect(openSource(dir, { label: 'nodule' })).rejects.toThrow(
      /found the option `label`, which the layout luna16 does not use/,
    );
    await expect(openDataset(dir, { patientPattern: '(' })).rejects.toThrow(
      /patientPattern: expected a regular expression/,
    );
  });
});

describe('DICOM files and folders of any name', () => {
  it('are pairs of scans and masks', async () => {
    const voxels = { ...stack, stored: Int16Array.from({ length: 60 }, (_, k) => k) };
    for (const [name, mask] of [
      ['a', 'labels/a'],
      ['1.2.3.4', 'labels/1.2.3.4'],
      ['b', 'labels/b.seg'],
      ['c', 'labels/c/SEG/000001'],
    ] as const) {
      writeSeriesSync(join(dir, 'images', name), voxels);
      const at = (row: number, column: number) => [-20 + 0.75 * column, 30.5 + 0.5 * row, -100];
      const points = [at(0.5, 0.5), at(0.5, 1.5), at(1.5, 1.5), at(1.5, 0.5)];
      mkdirSync(dirname(join(dir, mask)), { recursive: true });
      writeFileSync(join(dir, mask), structureSetBytes([{ number: 1, contours: [{ points }] }]));
    }
    put('labels/notes.txt', 'nothing');
    put('labels/empty/notes.txt', 'nothing');
    const source = await openSource(dir);
    expect(source.scans.map(({ uid }) => uid)).toEqual(['1.2.3.4', 'a', 'b', 'c']);
    expect(source.missing).toBe(0);
    expect((await source.scans[3]!.files()).map((path) => path.startsWith(join(dir, 'images', 'c')))).toEqual(
      new Array(5).fill(true),
    );
    const dataset = await openDataset(dir);
    for (const { uid } of source.scans) {
      const { volume, mask } = await dataset.load(uid);
      expect([uid, volume.frameOfReferenceUid, mask.indexOf(1)]).toEqual([uid, '1.2.3.5', 4]);
    }
    // Their hashes are part of the keys, and the frame of reference of the store.
    const out = join(dir, 'store');
    const store = await prepare({ data: dir, out, spacing: [0.375, 0.5, 2.5] });
    expect((await store.load('c')).volume.frameOfReferenceUid).toBe('1.2.3.5');
    await expect(readdir(join(out, 'scans'))).resolves.toHaveLength(4);
  });
});
