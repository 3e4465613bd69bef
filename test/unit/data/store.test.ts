import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask, type Volume, writeMask, writeVolume } from '../../../dist/ct/index.js';
import { openDataset, type PrepareProgress, prepare } from '../../../dist/data/index.js';
import { pythonInterpreter } from '../../support/python.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume } from '../../support/volume.js';

const scratch = scratchFolder('store');
let made = 0;
const newFolder = (name: string) => join(scratch, `${name}-${++made}`);

const shape = [24, 40, 44] as const;
const at = (slice: number, row: number, column: number) => (slice * shape[1] + row) * shape[2] + column;

/** Lung of -850 HU with balls of 40 HU. */
function scan(uid: string, balls: [number, number, number, number][]): Volume {
  const voxels = new Int16Array(shape[0] * shape[1] * shape[2]).fill(-850);
  for (const [s, r, c, radius] of balls)
    for (let i = 0; i < shape[0]; i++)
      for (let j = 0; j < shape[1]; j++)
        for (let k = 0; k < shape[2]; k++) if (Math.hypot(i - s, j - r, k - c) <= radius) voxels[at(i, j, k)] = 40;
  return buildVolume(shape, voxels, { uid });
}

const csv = 'seriesuid,coordX,coordY,coordZ,diameter_mm\na,20,20,10,8\nb,30,12,5,6\nb,10,30,20,6\nelsewhere,1,2,3,4\n';

async function lunaFolder(): Promise<string> {
  const dir = newFolder('luna');
  for (const subset of ['subset0', 'subset1']) await mkdir(join(dir, subset), { recursive: true });
  await writeVolume(join(dir, 'subset0', 'a.mhd'), scan('a', [[10, 20, 20, 4]]), { compress: true });
  await writeVolume(
    join(dir, 'subset1', 'b.mhd'),
    scan('b', [
      [5, 12, 30, 3],
      [20, 30, 10, 3],
    ]),
    { compress: true },
  );
  await writeFile(join(dir, 'annotations.csv'), csv);
  return dir;
}

describe('a prepared store', () => {
  let data: string;
  let out: string;
  beforeAll(async () => {
    data = await lunaFolder();
    out = newFolder('store');
    await prepare({ data, out });
  });
  const prepared = async (folder = data) => {
    const seen: PrepareProgress[] = [];
    await prepare({ data: folder, out }, (progress) => seen.push(progress));
    return seen.map(({ uid, kept }) => `${uid} ${kept ? 'kept' : 'made'}`);
  };

  it('has the same scans, masks and nodules as the folder they came from', async () => {
    const [store, folder] = [await openDataset(out), await openDataset(data)];
    expect([store.kind, folder.kind, store.missing, folder.missing]).toEqual(['store', 'luna16', 1, 1]);
    expect(store.scans).toEqual(folder.scans);
    for (const uid of ['a', 'b']) expect(await store.load(uid)).toEqual(await folder.load(uid));
  });

  it('records the position of each nodule and the slices that show it', async () => {
    const { nodules, mask } = await (await openDataset(out)).load('b');
    expect(nodules.map(({ center }) => center)).toEqual([
      [5, 12, 30],
      [20, 30, 10],
    ]);
    for (const { center, slices, voxels, box } of nodules) {
      expect(slices.map(({ slice }) => slice)).toContain(center[0]);
      const middle = slices.find(({ slice }) => slice === center[0]);
      expect([middle?.row, middle?.column]).toEqual([center[1], center[2]]);
      expect(voxels).toBeGreaterThan(80);
      expect(box.low[0]).toBeLessThanOrEqual(slices[0]!.slice);
    }
    expect(mask.reduce((sum, value) => sum + value, 0)).toBe(nodules[0]!.voxels + nodules[1]!.voxels);
  });

  it('has places without a nodule, the same each time', async () => {
    const [once, again] = [await (await openDataset(out)).load('a'), await (await openDataset(data)).load('a')];
    expect(once.background).toHaveLength(128);
    expect(once.background).toEqual(again.background);
    for (const place of once.background) expect(once.mask[at(...(place as [number, number, number]))]).toBe(0);
  });

  it('keeps unchanged scans and makes changed ones again: voxels, annotation or options', async () => {
    expect(await prepared()).toEqual(['a kept', 'b kept']);
    const other = await lunaFolder();
    expect(await prepared(other)).toEqual(['a kept', 'b kept']);
    await writeVolume(join(other, 'subset0', 'a.mhd'), scan('a', [[10, 20, 20, 3]]), { compress: true });
    expect(await prepared(other)).toEqual(['a made', 'b kept']);
    await writeFile(join(other, 'annotations.csv'), csv.replace('30,12,5,6', '30,12,5,7'));
    expect(await prepared(other)).toEqual(['a kept', 'b made']);
    const seen: boolean[] = [];
    await prepare({ data: other, out, box: { preset: 'book' } }, ({ kept }) => seen.push(kept));
    expect(seen).toEqual([false, false]);
    expect((await readdir(join(out, 'scans'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await prepare({ data, out });
  });

  it('uses an exact mask if the folder has one', async () => {
    const exact = await lunaFolder();
    const { volume } = await (await openDataset(exact)).load('a');
    const voxels = new Uint8Array(volume.voxels.length);
    for (const place of [at(10, 20, 20), at(10, 20, 21), at(11, 21, 21)]) voxels[place] = 1;
    await mkdir(join(exact, 'masks'));
    await writeMask(join(exact, 'masks', 'a_mask.mhd'), { ...volume, voxels });
    const { mask, nodules } = await (await openDataset(exact)).load('a');
    expect(mask).toEqual(voxels);
    expect(nodules[0]?.slices).toEqual([
      { slice: 10, row: 20, column: 21, voxels: 2 },
      { slice: 11, row: 21, column: 21, voxels: 1 },
    ]);
    expect(await prepared(exact)).toEqual(['a made', 'b kept']);
  });

  it('exports its masks', async () => {
    const masks = newFolder('masks');
    const store = await prepare({ data, out, export: masks });
    expect((await readMask(join(masks, 'b_mask.mhd'))).voxels).toEqual((await store.load('b')).mask);
  });

  it('knows patients from patients.csv', async () => {
    const known = await lunaFolder();
    const code = expect.stringMatching(/^patient-[0-9a-f]{16}$/);
    await writeFile(join(known, 'patients.csv'), 'seriesuid,patient\na,P1\nb,P1\n');
    expect((await openDataset(known)).scans.map(({ patient }) => patient)).toEqual([code, code]);
    await writeFile(join(known, 'patients.csv'), 'seriesuid,patient\na,P1\nb,\n');
    await expect(openDataset(known)).rejects.toThrow(/patients\.csv, line 3: patient is empty, expected both of/);
  });

  it('that is damaged is refused with the file', async () => {
    const broken = newFolder('store');
    const store = await prepare({ data, out: broken });
    const folder = join(broken, 'scans', store.key('a') as string);
    await truncate(join(folder, 'voxels.npy'), 1000);
    await expect(store.load('a')).rejects.toThrow(
      /voxels\.npy: found \d+ bytes of data, expected 84480 .*prepare the data again/,
    );
    await expect(store.load('c')).rejects.toMatchObject({ code: 'dataset-series' });
    const index = join(broken, 'store.json');
    await writeFile(index, (await readFile(index, 'utf8')).replace('"version": 3', '"version": 1'));
    await expect(openDataset(broken)).rejects.toThrow(
      /store\.json: found version 1, expected version 3\. Prepare the data into a new/,
    );
    await expect(prepare({ data, out: broken })).rejects.toMatchObject({ code: 'store-version' });
  });

  const python = pythonInterpreter();
  it.skipIf(python === null)('is read by five lines of Python (skipped without `npm run python`)', async () => {
    const store = await openDataset(out);
    const folder = join(out, 'scans', store.key('b') as string);
    const code = `
import json, sys, numpy as np
voxels = np.load(sys.argv[1] + '/voxels.npy', mmap_mode='r')
mask = np.zeros(voxels.shape, np.uint8)
mask.flat[np.load(sys.argv[1] + '/mask_voxels.npy')] = 1
nodules = json.load(open(sys.argv[1] + '/scan.json'))['nodules']
print(json.dumps([voxels.shape, int(voxels.sum(dtype=np.int64)), int(mask.sum()), len(nodules)]))`;
    const printed = execFileSync(python as string, ['-c', code, folder], { encoding: 'utf8' });
    const { volume, mask, nodules } = await store.load('b');
    const sum = (values: Int16Array | Uint8Array) => values.reduce((total, value) => total + value, 0);
    expect(JSON.parse(printed)).toEqual([[...shape], sum(volume.voxels), sum(mask), nodules.length]);
  });
});
