import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findScans, readVolume } from '../../../dist/ct/index.js';
import { dicomBytes, sliceFields } from '../../support/dicomBytes.mjs';
import { add, scout, stack, writeSeries } from '../../support/dicomSeries.js';
import { enhancedFields } from '../../support/enhancedCt.js';
import { addImage, addMask, addSeries, find, folder } from '../../support/scanFolders.js';

describe('scans are found', () => {
  it('in every format, and not in what lies beside them', async () => {
    const dir = await folder();
    for (const name of ['a.mhd', 'sub/b.mha', 'c.nii', 'sub/deep/d.nii.gz', 'e.nrrd', 'f.nhdr'])
      await addImage(dir, name);
    await addSeries(dir, '1.2.1', stack, {}, 'dicom');
    await addImage(dir, '.hidden', 'g.nii');
    for (const name of ['notes.txt', 'table.csv', 'Thumbs.db', 'empty.dcm', '._IM1'])
      await writeFile(join(dir, name), '');
    await symlink(dir, join(dir, 'loop'));
    const { names } = await find(dir);
    expect(names.sort()).toEqual(['1.2.1', 'a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('beside masks and results, which are skipped with the reason', async () => {
    const dir = await folder();
    await addImage(dir, 'imagesTr', 'p1_0000.nii.gz');
    await addMask(dir, 'labelsTr', 'p1.nii.gz');
    await addMask(dir, 'p1-label.nrrd');
    await addMask(dir, 'readers.mha');
    await addImage(dir, 'out', 'p1', 'probabilities.nii.gz');
    await addMask(dir, 'out', 'p1', 'labels.nii.gz');
    await addSeries(dir, '1.2.3', stack, { Modality: 'SEG' }, 'out/p1');
    await writeFile(join(dir, 'out', 'p1', 'nodules.json'), '{}');
    await addImage(dir, 'elsewhere', 'probabilities.nii.gz');
    const { names, reasons } = await find(dir);
    expect(names).toEqual(['p1_0000']);
    expect(reasons).toEqual({
      'out/p1': 'results of segment (nodules.json)',
      'labelsTr/p1.nii.gz': 'named as a mask',
      'p1-label.nrrd': 'named as a mask',
      'readers.mha': '8-bit values beside images with more, as of labels',
      'elsewhere/probabilities.nii.gz': 'named as a mask',
    });
  });

  it.each(['mha', 'nii', 'nii.gz', 'nrrd'])('in 8-bit .%s images where there are no others', async (extension) => {
    const dir = await folder();
    await addMask(dir, `one.${extension}`);
    await addMask(dir, `two.${extension}`);
    expect((await find(dir)).names).toEqual(['one', 'two']);
    await addImage(dir, `scan.${extension}`);
    expect((await find(dir)).names).toEqual(['scan']);
  });

  it('in files given one by one, whatever their names, each once', async () => {
    const dir = await folder();
    const mask = await addMask(dir, 'labels.nii.gz');
    const slices = await writeSeries(join(dir, 'ct'), stack, { name: (k) => `${k}` });
    await add(dir, 'enhanced', enhancedFields(stack, { over: { SeriesInstanceUID: '1.2.7' } }));
    await add(dir, 'scout', { ...sliceFields(stack, 0), ...scout, SeriesInstanceUID: '1.2.8' });
    const files = [0, 1, 2, 3, 4].map((k) => join(slices, `${k}`));
    const { scans } = await findScans([mask, ...files, join(dir, 'enhanced'), mask]);
    expect(scans.map(({ name, files: own }) => [name, own?.length])).toEqual([
      ['labels', undefined],
      ['1.2.3.4', 5],
      ['1.2.7', undefined],
    ]);
    for (const { path, series, files: own } of scans.slice(1))
      expect((await readVolume(path, { series, files: own })).shape).toEqual([5, 4, 3]);
    await expect(findScans([...files, join(dir, 'scout')])).rejects.toMatchObject({
      code: 'scan-missing',
      message: expect.stringMatching(/scout: found no scan, skipped 1\.2\.8: scout \(localizer\); expected/),
    });
  });

  it('once where a folder, a folder in it and a file of it are given', async () => {
    const dir = await folder();
    await addImage(dir, 'a.nii');
    const inner = await addSeries(dir, '1.2.1', stack);
    const { scans } = await findScans([dir, inner, `${dir}/`, join(inner, 'IM0013.dcm')]);
    expect(scans.map(({ name }) => name).sort()).toEqual(['1.2.1', 'a']);
  });

  it('around a damaged file, which is reported and noted for the series beside it', async () => {
    const dir = await folder();
    await addSeries(dir, '1.2.1', stack, {}, 'one');
    await addSeries(dir, '1.2.2', stack, { StudyInstanceUID: '1.5' }, 'two');
    await writeFile(join(dir, 'one', 'broken.dcm'), dicomBytes(sliceFields(stack, 0)).subarray(0, 500));
    const { scans, skipped } = await findScans([dir]);
    expect(skipped).toEqual([
      { path: dir, damaged: true, reason: expect.stringMatching(/^broken\.dcm: its tags cannot be read/) },
    ]);
    expect(scans.map(({ notes }) => notes)).toEqual([
      ['broken.dcm in the same folder is damaged; it may be a slice of this series'],
      [],
    ]);
  });

  it('as one to fail where the only file given is damaged', async () => {
    const dir = await folder();
    const path = join(dir, 'broken.dcm');
    await writeFile(path, dicomBytes(sliceFields(stack, 0)).subarray(0, 500));
    const { scans } = await findScans([path]);
    expect(scans).toEqual([{ path, name: 'broken', notes: [] }]);
    await expect(readVolume(path)).rejects.toMatchObject({ code: 'dicom-file' });
  });

  it.each<[string, (dir: string) => Promise<string>, string, RegExp]>([
    ['no such path', async (dir) => join(dir, 'none'), 'scan-missing', /none: there is no such file or folder\. Check/],
    ['an empty folder', async (dir) => dir, 'scan-missing', /: found no image; expected a CT series or an image in/],
    [
      'a folder of an MR alone',
      async (dir) => addSeries(dir, '1.2.1', stack, { Modality: 'MR' }),
      'scan-missing',
      /found no scan, skipped 1\.2\.1: modality MR, expected CT; .*Give another folder, a file, or the UID/,
    ],
    [
      'a folder of masks alone',
      async (dir) => dirname(await addMask(dir, 'p1_mask.nii')),
      'scan-missing',
      /skipped p1_mask\.nii: named as a mask/,
    ],
    [
      'a pipe',
      async (dir) => {
        execFileSync('mkfifo', [join(dir, 'pipe')]);
        return join(dir, 'pipe');
      },
      'scan-missing',
      /pipe: it is neither a file nor a folder/,
    ],
    ['an unknown file', (dir) => fileOf(dir, 'a.txt', 'text'), 'scan-format', /the extension is "\.txt", expected/],
    ['a text named .dcm', (dir) => fileOf(dir, 'a.dcm', 'text'), 'dicom-file', /a\.dcm: found neither an image/],
  ])('or refused: %s', async (_what, make, code, message) => {
    const path = await make(await folder());
    await expect(findScans([path])).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

const fileOf = async (dir: string, name: string, text: string): Promise<string> => {
  await writeFile(join(dir, name), text);
  return join(dir, name);
};

describe('results are named', () => {
  const namesOf = async (...files: string[]): Promise<string[]> => {
    const dir = await folder();
    const first = await addImage(dir, 'first.mha');
    const paths = [];
    for (const file of files) {
      const path = join(dir, file);
      await mkdir(dirname(path), { recursive: true });
      await copyFile(first, path);
      paths.push(path);
    }
    return (await findScans(paths)).scans.map(({ name }) => name);
  };

  it('by the file, with the parents in front where names are equal in upper or lower case', async () => {
    expect(await namesOf('a/x.nii.gz', 'b/x.nii.gz', 'y.mha')).toEqual(['a-x', 'b-x', 'y']);
    expect(await namesOf('p/a/x.mha', 'q/a/X.mha')).toEqual(['p-a-x', 'q-a-X']);
    expect(await namesOf('a/x.mha', 'b/x.mha', 'a-x.mha')).toEqual(expect.arrayContaining(['b-x']));
    expect(new Set(await namesOf('a/x.mha', 'b/x.mha', 'a-x.mha')).size).toBe(3);
    expect(await namesOf('x.mha', 'x.nii.gz', 'x.nrrd')).toEqual(['x.mha', 'x.nii.gz', 'x.nrrd']);
  });

  it('safely for any file system', async () => {
    expect(
      await namesOf('a b:c*.mha', '...mha', '....nrrd', 'CON.mha', 'summary.csv.nii.gz', 'Größe-1.2+3.mha'),
    ).toEqual(['a_b_c_', '__', '___', '_CON', '_summary.csv', 'Größe-1.2+3']);
    const [long, other] = await namesOf(`${'ä'.repeat(110)}1.mha`, `${'ä'.repeat(110)}2.mha`);
    expect(Buffer.byteLength(long!)).toBeLessThanOrEqual(160);
    expect(other).not.toBe(long);
  });

  it('by series UID, also where two copies of a series are given, and where it is dots alone', async () => {
    const dir = await folder();
    const copies = [
      await addSeries(dir, '1.2.1', stack, {}, 'left'),
      await addSeries(dir, '1.2.1', stack, {}, 'right'),
    ];
    expect((await findScans(copies)).scans.map(({ name }) => name)).toEqual(['left-1.2.1', 'right-1.2.1']);
    const dots = await addSeries(dir, '..', stack, {}, 'dots');
    expect((await findScans([dots])).scans.map(({ name }) => name)).toEqual(['__']);
  });
});
