import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask, readVolume } from '../../../dist/ct/index.js';
import { type PhantomSetOptions, writePhantoms } from '../../../dist/phantom/index.js';
import { scratchFolder } from '../../support/scratch.js';

const options: PhantomSetOptions = { count: 3, seed: 2, size: [32, 80, 80], spacing: [4, 4, 4] };

describe('writing phantoms', () => {
  const dir = scratchFolder('phantoms');
  const progress: number[] = [];
  beforeAll(async () => {
    await writePhantoms(path.join(dir, 'a'), { ...options }, (done) => progress.push(done));
  });

  const read = (...parts: string[]) => readFile(path.join(dir, ...parts), 'utf8');

  it('makes LUNA16 folders, a list of nodules and an exact mask of each scan', async () => {
    const lines = (await read('a', 'annotations.csv')).trim().split('\n');
    expect(lines[0]).toBe('seriesuid,coordX,coordY,coordZ,diameter_mm');
    const uid = 'phantom-standard-2-0001';
    const scan = await readVolume(path.join(dir, 'a', 'subset1', `${uid}.mhd`));
    const mask = await readMask(path.join(dir, 'a', 'masks', `${uid}_mask.mhd`));
    expect([scan.shape, scan.spacing, scan.intensity]).toEqual([[32, 80, 80], [4, 4, 4], 'hu']);
    expect([mask.shape, mask.origin]).toEqual([scan.shape, scan.origin]);
    const rows = (await read('a', 'nodules.csv')).split('\n').filter((line) => line.startsWith(uid));
    const voxels = rows.map((row) => Number(row.split(',')[7]));
    expect(voxels.length).toBeGreaterThan(0);
    expect(mask.voxels.reduce((sum, v) => sum + v, 0)).toBe(voxels.reduce((sum, v) => sum + v, 0));
    expect(rows.map((row) => row.split(',').slice(0, 5).join(','))).toEqual(
      lines.filter((line) => line.startsWith(uid)),
    );
  });

  it('lists each scan as a separate patient', async () => {
    const uids = [0, 1, 2].map((n) => `phantom-standard-2-000${n}`);
    expect(await read('a', 'patients.csv')).toBe(
      `${['seriesuid,patient', ...uids.map((uid) => `${uid},${uid}`)].join('\n')}\n`,
    );
  });

  it('reports how many scans are done', () => expect(progress).toEqual([1, 2, 3]));

  it('makes the same scans with any number of threads, and as the first ones of a larger set', async () => {
    await writePhantoms(path.join(dir, 'b'), { ...options, count: 2, threads: 1 });
    for (const file of ['phantom-standard-2-0000', 'phantom-standard-2-0001']) {
      const [a, b] = await Promise.all(
        ['a', 'b'].map((set) => readVolume(path.join(dir, set, `subset${file.at(-1)}`, `${file}.mhd`))),
      );
      expect(a!.voxels).toEqual(b!.voxels);
    }
  });

  it('shares no scan between sets of neighbouring seeds', async () => {
    await writePhantoms(path.join(dir, 'c'), { ...options, count: 2, seed: 3 });
    const scans = await Promise.all(
      [
        ['a', 'subset1', 'phantom-standard-2-0001.mhd'],
        ['c', 'subset0', 'phantom-standard-3-0000.mhd'],
        ['c', 'subset1', 'phantom-standard-3-0001.mhd'],
      ].map((parts) => readVolume(path.join(dir, ...parts))),
    );
    expect(scans[0]!.voxels).not.toEqual(scans[1]!.voxels);
    expect(scans[0]!.voxels).not.toEqual(scans[2]!.voxels);
  });

  it('does not overwrite an existing set', async () => {
    await expect(writePhantoms(path.join(dir, 'a'), { count: 1 })).rejects.toThrow(
      'annotations.csv already exists. Give a new folder',
    );
  });

  it('names the wrong option', async () => {
    await expect(writePhantoms(path.join(dir, 'd'), { count: 0 })).rejects.toThrow(
      /^making phantoms in .*: count: Too small/,
    );
  });
});
