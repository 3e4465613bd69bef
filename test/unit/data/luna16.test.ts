import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLuna16 } from '../../../dist/data/sources/luna16.js';
import { scratchFolderPerTest } from '../../support/scratch.js';
import { sharedData } from '../../support/shared.js';

const dir = scratchFolderPerTest('luna16');
const put = async (name: string, text = '') => {
  await mkdir(dirname(join(dir, name)), { recursive: true });
  await writeFile(join(dir, name), text);
};
const list =
  'seriesuid,coordX,coordY,coordZ,diameter_mm\n' +
  'a,1,2,3,4\na,5,6,7,8\nb,1,2,3,4\ngone,1,2,3,4\ngone,1,2,3,5\nlost,1,2,3,4\n';

describe('opening a LUNA16 folder', () => {
  it('finds the scans of all subsets, their nodules and masks, and counts the missing series', async () => {
    await put('annotations.csv', list);
    for (const name of ['subset10/b.mhd', 'subset10/b.zraw', 'subset2/a.mhd', 'subset2/a.raw', 'subset2/none.mha'])
      await put(name);
    await put('masks/a_mask.mhd');
    await put('seg-lungs/a.mhd');
    const luna = await openLuna16(dir);
    expect(luna.series).toEqual([
      { uid: 'a', path: join(dir, 'subset2/a.mhd'), subset: 'subset2' },
      { uid: 'none', path: join(dir, 'subset2/none.mha'), subset: 'subset2' },
      { uid: 'b', path: join(dir, 'subset10/b.mhd'), subset: 'subset10' },
    ]);
    expect([...luna.annotations].map(([uid, all]) => [uid, all.length])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(luna.missing).toBe(2);
    expect([luna.maskPath('a'), luna.maskPath('b')]).toEqual([join(dir, 'masks/a_mask.mhd'), null]);
  });

  it('takes the list with malignancies if it is the only one, a given list, and links to folders', async () => {
    await put('elsewhere/a.mhd');
    await symlink(join(dir, 'elsewhere'), join(dir, 'subset0'));
    await put('annotations_with_malignancy.csv', `${list.split('\n').slice(0, 2).join('\n')}\n`);
    expect((await openLuna16(dir)).annotations.get('a')).toHaveLength(1);
    await put('mine.csv', list);
    expect((await openLuna16(dir, { annotations: join(dir, 'mine.csv') })).annotations.get('a')).toHaveLength(2);
  });

  it.each([
    ['a missing folder', async () => rm(dir, { recursive: true }), 'data-missing', /there is no such folder/],
    [
      'a folder without a list',
      async () => put('subset0/a.mhd'),
      'luna16-layout',
      /found no annotations\.csv or annotations_with_malignancy\.csv, expected LUNA16's list/,
    ],
    [
      'a list without any scan',
      async () => put('annotations.csv', list),
      'luna16-layout',
      /names 4 series, but found no scan .*subset\*, expected at least one/,
    ],
    [
      'a series that is there twice',
      async () => {
        await put('annotations.csv', list);
        await put('subset0/a.mhd');
        await put('subset1/a.mhd');
      },
      'case-twice',
      /case a is there twice, as .*subset0.a\.mhd and .*subset1.a\.mhd/,
    ],
    [
      'a broken line',
      async () => put('annotations.csv', `${list}a,1,2\n`),
      'annotations-line',
      /annotations\.csv, line 8/,
    ],
  ])('refuses %s', async (_what, make, code, message) => {
    await make();
    await expect(openLuna16(dir)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  const luna = sharedData('luna16');
  it.skipIf(luna === null)('finds the two real scans among 601 series (skipped without ../shared/data)', async () => {
    const { series, annotations, missing } = await openLuna16(luna as string);
    expect([series.length, missing]).toEqual([2, 599]);
    expect([...annotations.values()].map((all) => all.length).sort()).toEqual([1, 3]);
  });
});
