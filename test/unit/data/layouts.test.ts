import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../../dist/data/index.js';
import { openLuna16 } from '../../../dist/data/sources/luna16.js';
import { readSourceVolume } from '../../../dist/data/sources/source.js';
import { writeCrop, writeJson } from '../../support/datasets.js';
import { stack, writeSeriesSync } from '../../support/dicomSeries.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const dir = scratchFolderPerTest('layouts');
const put = (name: string, content: string | Buffer = '') => {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), content);
};
const refusal = (path = dir, options = {}) =>
  openSource(path, options).then(
    () => 'opened',
    (error) => `${error.code}: ${error.message}`,
  );
const idsOf = async (path = dir, options = {}) => (await openSource(path, options)).scans.map(({ uid }) => uid);
const junk = ['.DS_Store', 'Thumbs.db', 'desktop.ini', '._a.nii.gz', '._lung_001.nii.gz', '.hidden.nii.gz'];

const taskJson = (training: unknown, over: object = {}) => ({
  name: 'Lung',
  tensorImageSize: '3D',
  modality: { 0: 'CT' },
  labels: { 0: 'background', 1: 'cancer' },
  numTraining: 2,
  training,
  test: ['./imagesTs/lung_002.nii.gz'],
  ...over,
});
const entry = (name: string) => ({ image: `./imagesTr/${name}.nii.gz`, label: `./labelsTr/${name}.nii.gz` });
const task = ['lung_001', 'lung_003'];
const putTask = (root: string, suffix = '', ending = '.nii.gz') => {
  for (const name of task) {
    put(join(root, 'imagesTr', `${name}${suffix}${ending}`));
    put(join(root, 'labelsTr', `${name}${ending}`));
  }
  writeJson(join(dir, root, 'dataset.json'), taskJson(task.map(entry)));
};

describe('a dataset of the Medical Segmentation Decathlon', () => {
  it('has the cases of its list, without channel numbers and hidden files', async () => {
    for (const name of task)
      await writeCrop(join(dir, 'imagesTr', `${name}.nii.gz`), join(dir, 'labelsTr', `${name}.nii.gz`), 4);
    for (const name of junk) for (const folder of ['.', 'imagesTr', 'labelsTr']) put(join(folder, name));
    put('__MACOSX/imagesTr/._lung_001.nii.gz');
    writeJson(join(dir, 'dataset.json'), taskJson([...task, '._lung_001'].map(entry), { labels: { 1: 'cancer' } }));
    const source = await openSource(dir);
    expect(source.scans.map(({ uid, truth, read }) => [uid, truth.maskValues, truth.oneNodule, read.options])).toEqual(
      task.map((name) => [name, { nodule: [1], other: [0] }, false, expect.objectContaining({ intensity: 'hu' })]),
    );
    expect([source.kind, source.missing, source.notes]).toEqual(['nnunet', 0, []]);
    expect((await readSourceVolume(source.scans[0]!, () => {})).shape).toEqual([4, 64, 64]);
  });

  it.each([
    ['_0000', '.nii.gz', 'version 1 of nnU-Net'],
    ['', '.NII.GZ', 'capitals'],
    ['', '.nii', 'unpacked files'],
    ['_0000', '.NRRD', 'another format'],
  ])('has them with %j before %s (%s)', async (suffix, ending) => {
    putTask('.', suffix, ending);
    const { scans, notes } = await openSource(dir);
    expect([scans.map(({ uid }) => uid), notes]).toEqual([task, []]);
    expect(basename(scans[0]!.read.path)).toBe(`lung_001${suffix}${ending}`);
    expect(scans[0]!.truth.mask).toBe(join(dir, 'labelsTr', `lung_001${ending}`));
  });

  it('without a list has the images of imagesTr, also if a name ends like a channel', async () => {
    putTask('.');
    for (const folder of ['imagesTr', 'labelsTr']) put(`${folder}/scan_2019.nii.gz`);
    for (const training of [undefined, []]) {
      writeJson(join(dir, 'dataset.json'), taskJson(training));
      expect(await idsOf()).toEqual([...task, 'scan_2019']);
    }
  });

  it('reports listed images that are missing and images that are not listed', async () => {
    putTask('.');
    put('imagesTr/lung_099.nii.gz');
    const training = [...task.map(entry), entry('lung_050'), entry('lung_051')];
    writeJson(join(dir, 'dataset.json'), taskJson(training));
    const { missing, notes, scans } = await openSource(dir);
    expect([scans.length, missing, ...notes]).toEqual([
      2,
      2,
      '2 images that dataset.json lists are not on disk and are skipped (first: ./imagesTr/lung_050.nii.gz).',
      '1 images of imagesTr are not in the list `training` of dataset.json and are not used (first: lung_099.nii.gz).',
    ]);
  });

  it('is found by lists with backslashes, folders of another machine, and one folder for each case', async () => {
    putTask('.');
    const at = (path: string) =>
      task.map((name) => ({ image: `${path}imagesTr/${name}.nii.gz`, label: entry(name).label }));
    for (const path of ['.\\', '/data/someone/Task06_Lung/', '']) {
      writeJson(join(dir, 'dataset.json'), taskJson(at(path)));
      expect(await idsOf()).toEqual(task);
    }
    for (const name of task) for (const file of ['ct', 'seg']) put(`${name}/${file}.nii.gz`);
    const folders = task.map((name) => ({ image: `${name}/ct.nii.gz`, label: `${name}/seg.nii.gz` }));
    writeJson(join(dir, 'dataset.json'), taskJson(folders));
    const { scans } = await openSource(dir);
    expect(scans.map(({ uid, truth }) => [uid, truth.mask])).toEqual(
      task.map((name) => [`${name}_ct`, join(dir, name, 'seg.nii.gz')]),
    );
  });

  it.each([
    ['no image of the list', () => rmSync(join(dir, 'imagesTr'), { recursive: true }), /found none of the 2 images/],
    ['no label', () => rmSync(join(dir, 'labelsTr', 'lung_003.nii.gz')), /case lung_003 has no label image .*lung_003/],
    [
      'one image with and without a number',
      () => put('imagesTr/lung_001_0000.nii.gz'),
      /lung_001 is there twice, as .*lung_001\.nii\.gz and .*lung_001_0000\.nii\.gz/,
    ],
    [
      'an entry twice',
      () => writeJson(join(dir, 'dataset.json'), taskJson([...task, 'lung_001'].map(entry))),
      /lists \.\/imagesTr\/lung_001\.nii\.gz twice/,
    ],
  ])('with %s is refused', async (_what, damage, message) => {
    putTask('.');
    damage();
    expect(await refusal()).toMatch(/^nnunet-files: /);
    expect(await refusal()).toMatch(message);
  });

  it('never takes an image without a number as a channel other than the first', async () => {
    putTask('.');
    const modality = { 0: 'CT', 1: 'PET' };
    writeJson(join(dir, 'dataset.json'), taskJson(task.map(entry), { modality, intensity: 'hu' }));
    expect(await refusal(dir, { channel: 'PET' })).toMatch(/^nnunet-files: .*found none of the 2 images/);
    const both = task.map((name) => ({ ...entry(name), image: [entry(name).image, `imagesTr/${name}_pet.nii.gz`] }));
    for (const name of task) put(`imagesTr/${name}_pet.nii.gz`);
    writeJson(join(dir, 'dataset.json'), taskJson(both, { modality, intensity: 'hu' }));
    const { scans } = await openSource(dir, { channel: 'PET' });
    expect(scans.map(({ read }) => basename(read.path))).toEqual(task.map((name) => `${name}_pet.nii.gz`));
  });
});

describe('names of images and folders', () => {
  it('may be in capitals, with labels in lower case or in another Unicode form', async () => {
    for (const name of ['images/A.NII.GZ', 'images/Ü b.MHD', 'images/c.NRRD', 'images/d.Mha']) put(name);
    for (const name of ['labels/a.nii.gz', `labels/${'Ü b'.normalize('NFD')}.nrrd`, 'labels/C.nrrd', 'labels/d.MHA'])
      put(name);
    for (const name of junk) for (const folder of ['images', 'labels']) put(`${folder}/${name}`);
    const { scans, missing } = await openSource(dir);
    expect([missing, ...scans.map(({ uid, truth }) => `${uid} ${basename(truth.mask!).normalize('NFC')}`)]).toEqual([
      0,
      'A a.nii.gz',
      'c C.nrrd',
      'd d.MHA',
      'Ü b Ü b.nrrd',
    ]);
  });

  it('of the folders and lists of each layout may be in capitals', async () => {
    for (const name of ['pairs/Images/a.nii', 'pairs/LABELS/a.nii']) put(name);
    expect(await idsOf(join(dir, 'pairs'))).toEqual(['a']);
    put('luna/Subset0/1.2.MHD');
    put('luna/ANNOTATIONS.CSV', 'seriesuid,coordX,coordY,coordZ,diameter_mm\n1.2,1,2,3,4\n');
    put('luna/Candidates.CSV', 'seriesuid,coordX,coordY,coordZ,class\n1.2,9,9,9,0\n');
    put('luna/masks/1.2_mask.MHD');
    const { scans, folds } = await openSource(join(dir, 'luna'));
    expect(scans[0]).toMatchObject({
      uid: '1.2',
      truth: { mask: join(dir, 'luna/masks/1.2_mask.MHD'), annotations: [{ diameterMm: 4 }], candidates: [[9, 9, 9]] },
    });
    expect(folds).toHaveLength(1);
  });

  it.each([
    ['images/x.nii.gz', 'images/x.mha', 'labels/x.nii.gz'],
    ['images/X.nii', 'images/x.nii', 'labels/x.nii'],
    ['images/x.nii', 'labels/x.nii', 'labels/x.nii.gz'],
    ['imagesTr/x_0000.nii.gz', 'imagesTr/X_0000.nii.gz', 'labelsTr/x.nii.gz'],
    ['subset0/1.2.mhd', 'subset1/1.2.mha', 'subset1/1.3.mhd'],
    ['subset0/1.2.mhd', 'subset0/1.2.mha', 'subset1/1.3.mhd'],
    ['subset0/1.2.mhd', 'masks/1.2_mask.mhd', 'masks/1.2_mask.nrrd'],
  ])('are refused if two are of one case: %s, %s, %s', async (...names) => {
    for (const name of names) put(name);
    if (names[0]!.startsWith('subset')) put('annotations.csv', 'seriesuid,coordX,coordY,coordZ,diameter_mm\n');
    if (names[0]!.startsWith('imagesTr')) writeJson(join(dir, 'dataset.json'), taskJson(undefined));
    expect(await refusal()).toMatch(/^case-twice: .* is there twice, as .* and .*Remove or rename one/);
  });
});

describe("LUNA16's subsets", () => {
  const list = 'seriesuid,coordX,coordY,coordZ,diameter_mm\n1.2,1,2,3,4\n';

  it('are found one folder deeper, as archives unpack, and images in other formats are reported', async () => {
    put('annotations.csv', list);
    put('subset0/subset0/1.2.mhd');
    put('subset1/1.3.mhd');
    put('subset1/1.4.nii.gz');
    put('subset2/1.5.nii.gz');
    put('subset3.zip');
    const { series, notes } = await openLuna16(dir);
    expect(series.map(({ uid, subset }) => [uid, subset])).toEqual([
      ['1.2', 'subset0'],
      ['1.3', 'subset1'],
    ]);
    expect(notes).toEqual([
      `Skipped 1 images of ${join(dir, 'subset1')} that are not .mhd or .mha.`,
      `Found no scan (.mhd or .mha) in ${join(dir, 'subset2')}.`,
    ]);
  });

  it.each([
    [['1.2.mhd', '1.3.mhd'], /2 scans lie in .* itself: move them into a folder .*subset0/],
    [['CT-scans/1.2.mhd'], /CT-scans has scans: rename it to subset0/],
    [['luna/subset0/1.2.mhd'], /luna has subsets: move the lists there and give that folder/],
    [['masks/1.2_mask.mhd'], /Unpack a subset there/],
  ])('that are missing are refused with what to do about %j', async (names, message) => {
    put('annotations.csv', list);
    for (const name of names) put(name);
    expect(await refusal()).toMatch(/^luna16-layout: /);
    expect(await refusal()).toMatch(message);
  });
});

describe('a folder above or below that of the data', () => {
  it.each([
    ['Task06_Lung', '.'],
    ['data/Task06_Lung', '.'],
  ])('is refused with the path of %s', async (at, given) => {
    putTask(at);
    put('__MACOSX/x/dataset.json');
    expect(await refusal(join(dir, given))).toMatch(
      new RegExp(`^data-layout: .*${at} has the layout nnunet: give that folder\\.$`),
    );
  });

  it.each([
    ['imagesTr', 'nnunet'],
    ['labelsTr', 'nnunet'],
  ])('is refused from %s', async (part, layout) => {
    putTask('task');
    expect(await refusal(join(dir, 'task', part))).toBe(
      `data-layout: opening the data folder ${join(dir, 'task', part)}: found no known layout, expected store.json (a ` +
        'prepared store), dataset.json (nnU-Net raw), subset0 … and annotations.csv (LUNA16), images and labels ' +
        '(pairs), or folders of .dcm files (a LIDC-IDRI tree). It is part of ' +
        `${join(dir, 'task')}, which has the layout ${layout}: give that folder.`,
    );
  });

  it('is refused from the images of pairs, also if they are DICOM series, and from a subset', async () => {
    writeSeriesSync(join(dir, 'pairs/images/a'), stack);
    put('pairs/labels/a.nii');
    expect(await refusal(join(dir, 'pairs/images'))).toMatch(/It is part of .*pairs, which has the layout pairs/);
    put('luna/subset0/1.2.mhd');
    put('luna/annotations.csv');
    expect(await refusal(join(dir, 'luna/subset0'))).toMatch(/It is part of .*luna, which has the layout luna16/);
  });

  it('is refused with the fitting options for other names of folders, and above a store', async () => {
    for (const name of ['a/images/x.nii', 'a/masks/x.nii', 'b/imagesTr/x.nii', 'b/labelsTr/x.nii', 'c/d/store.json'])
      put(name);
    expect(await refusal(join(dir, 'a'))).toMatch(/Give .*a.images with --masks .*a.masks\.$/);
    expect(await idsOf(join(dir, 'a/images'), { masks: join(dir, 'a/masks') })).toEqual(['x']);
    expect(await refusal(join(dir, 'b'))).toMatch(/imagesTr and labelsTr are there without dataset\.json: add it\.$/);
    expect(await refusal(join(dir, 'c'))).toMatch(/c.d has the layout of a prepared store: give that folder\.$/);
  });
});

describe('JSON of other programs', () => {
  it.each([
    ['a byte-order mark', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 of the other order', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['Latin-1', (text: string) => Buffer.from(text, 'latin1')],
  ])('may have %s', async (_what, encode) => {
    putTask('.');
    put('dataset.json', encode(JSON.stringify(taskJson(task.map(entry), { name: 'Köln' }))));
    put('splits_final.json', encode(JSON.stringify([{ train: ['lung_001'], val: ['lung_003'] }])));
    const { scans, folds } = await openSource(dir);
    expect([scans.length, folds]).toEqual([2, [{ train: ['lung_001'], validation: ['lung_003'] }]]);
  });
});
