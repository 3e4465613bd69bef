import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask, readVolume, writeMask, writeVolume } from '../../../dist/ct/index.js';
import { openDataset } from '../../../dist/data/index.js';
import { insertIntoScans, synthesize } from '../../../dist/phantom/index.js';
import { scratchFolder } from '../../support/scratch.js';

const options = { seed: 4, nodules: 2, diameter: [8, 12] as [number, number], threads: 2 };

describe('writing scans with inserted nodules', () => {
  const dir = scratchFolder('inserted');
  const into = path.join(dir, 'a');
  // Phantoms stand for real scans; their nodules are those that the scans had before.
  const scans = [1, 2].map((seed) =>
    synthesize({ seed, uid: `scan-${seed}`, nodules: 2, size: [30, 128, 128], spacing: [2.5, 2.5, 3] }),
  );
  const paths = [path.join(dir, 'scan-1.nii.gz'), path.join(dir, 'scan-2.mhd')];
  const annotations = path.join(dir, 'nodules.csv');
  const progress: [number, number][] = [];
  let made: Awaited<ReturnType<typeof insertIntoScans>>;

  beforeAll(async () => {
    for (const [n, { volume }] of scans.entries()) await writeVolume(paths[n]!, volume);
    const rows = scans.flatMap(({ volume, nodules }) =>
      nodules.map(({ center, diameterMm }) => [volume.uid, ...center, diameterMm].join(',')),
    );
    await writeFile(annotations, ['seriesuid,coordX,coordY,coordZ,diameter_mm', ...rows].join('\n'));
    made = await insertIntoScans(into, paths, { ...options, count: 2, annotations }, (...done) => progress.push(done));
  });

  const table = async (name: string) => (await readFile(path.join(into, name), 'utf8')).trim().split('\n').slice(1);

  it('writes every version of every scan, and counts', () => {
    expect(made).toMatchObject({ scans: 4, requested: 8 });
    expect(made.nodules).toBeGreaterThan(4);
    expect(progress.at(-1)).toEqual([4, 4]);
  });

  it('makes a data set that opens, with the inserted nodules as truth and the old ones ignored', async () => {
    const dataset = await openDataset(into);
    let nodules = 0;
    for (const { uid } of dataset.scans) {
      const scan = await dataset.load(uid);
      const source = scans.find(({ volume }) => scan.volume.uid.startsWith(volume.uid))!;
      nodules += scan.nodules.length;
      expect(scan.ignored?.length).toBe(source.nodules.length);
      expect(scan.mask.includes(1)).toBe(true);
    }
    expect(nodules).toBe(made.nodules);
  });

  it('lists versions of one scan as one patient', async () => {
    expect(await table('patients.csv')).toEqual([
      'scan-1-inserted-4-0000,scan-1',
      'scan-1-inserted-4-0001,scan-1',
      'scan-2-inserted-4-0000,scan-2',
      'scan-2-inserted-4-0001,scan-2',
    ]);
  });

  it('says what was inserted and how', async () => {
    const { scans: versions } = JSON.parse(await readFile(path.join(into, 'inserted.json'), 'utf8'));
    expect(versions.map(({ source }: { source: string }) => source)).toEqual(['scan-1', 'scan-1', 'scan-2', 'scan-2']);
    const rows = await table('nodules.csv');
    const [version] = versions;
    for (const { kind, shape, voxels } of version.nodules)
      expect(rows.some((row) => row.startsWith(version.uid) && row.includes(`,${kind},`) && row.includes(shape))).toBe(
        voxels > 0,
      );
    expect(rows.length).toBe(made.nodules);
    expect((await table('annotations.csv')).length).toBe(made.nodules);
    expect((await table('annotations_excluded.csv')).length).toBe(2 * scans.reduce((n, s) => n + s.nodules.length, 0));
  });

  it('writes the same scans with other threads and as the first of more versions', async () => {
    await insertIntoScans(path.join(dir, 'b'), [paths[0]!], { ...options, threads: 1, annotations });
    const name = 'scan-1-inserted-4-0000';
    const files = ['a', 'b'].map((set) => path.join(dir, set, 'subset0', `${name}.mhd`));
    const [a, b] = await Promise.all(files.map((file) => readVolume(file, { intensity: 'hu' })));
    expect(Buffer.from(a!.voxels.buffer).equals(Buffer.from(b!.voxels.buffer))).toBe(true);
    expect([a!.shape, a!.spacing, a!.origin]).toEqual([b!.shape, b!.spacing, b!.origin]);
    const mask = await readMask(path.join(into, 'masks', `${name}_mask.mhd`));
    expect(mask.shape).toEqual(scans[0]!.volume.shape);
  });

  it('takes the old nodules from a mask, too', async () => {
    const mask = path.join(dir, 'old.nii.gz');
    await writeMask(mask, { ...scans[0]!.volume, voxels: scans[0]!.mask });
    const set = path.join(dir, 'c');
    await insertIntoScans(set, [paths[0]!], { ...options, avoid: mask });
    const excluded = (await readFile(path.join(set, 'annotations_excluded.csv'), 'utf8')).trim().split('\n').slice(1);
    expect(excluded.length).toBe(scans[0]!.nodules.length);
  });

  it('refuses what it cannot do', async () => {
    const run = (set: string, inputs: string[], more: object = {}) =>
      insertIntoScans(path.join(dir, set), inputs, { ...options, ...more });
    await expect(run('d', [])).rejects.toThrow(/found no scan, expected at least one/);
    await expect(run('a', [paths[0]!])).rejects.toThrow(/annotations.csv already exists/);
    await expect(run('e', paths, { avoid: 'mask.mhd' })).rejects.toThrow(/`avoid`, which belongs to a single scan/);
    await expect(run('f', [paths[0]!, paths[0]!])).rejects.toThrow(/found the series scan-1 twice/);
    await expect(run('g', [path.join(dir, 'none.mhd')])).rejects.toThrow(/there is no such file/);
    await expect(run('h', [paths[0]!], { diameter: [1, 2] })).rejects.toThrow(/diameter/);
  });
});
