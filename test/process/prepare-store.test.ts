import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cliIn, jsonLines, startCli } from '../support/cli.js';
import { writeQuickScans } from '../support/quickScans.mjs';
import { scratchFolder } from '../support/scratch.js';

const folder = scratchFolder('store');
beforeAll(() => {
  writeQuickScans(path.join(folder, 'scans'), 6, [16, 48, 48]);
});

const run = cliIn(folder);
const started = async (...args: string[]) => {
  const { code, stderr } = await startCli(args, { cwd: folder }).ended;
  return { code, stderr };
};
const last = (stdout: string) => jsonLines(stdout).at(-1)!;
const index = (store: string) => JSON.parse(readFileSync(path.join(folder, store, 'store.json'), 'utf8'));
const below = (dir: string): string[] =>
  readdirSync(path.join(folder, dir), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? below(path.join(dir, entry.name)) : [path.join(folder, dir, entry.name)],
  );
const copied = (name: string) => {
  cpSync(path.join(folder, 'scans'), path.join(folder, name), { recursive: true });
  return name;
};

describe('preparing', { timeout: 120_000 }, () => {
  it('makes the same store with one worker and with three', () => {
    for (const workers of ['1', '3'])
      expect(run('prepare', '--data', 'scans', '--out', `by${workers}`, '--workers', workers).status).toBe(0);
    expect(index('by1')).toEqual(index('by3'));
    const hashes = (store: string) =>
      below(path.join(store, 'scans')).map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
    expect(hashes('by1')).toEqual(hashes('by3'));
  });

  it('in three processes at once into one store succeeds in all, with every scan of both folders', async () => {
    const other = copied('others');
    for (const file of below(other).filter((name) => /quick-/.test(name)))
      renameSync(file, file.replace('quick-', 'other-'));
    for (const file of below(other).filter((name) => /\.(mhd|csv)$/.test(name)))
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('quick-', 'other-'));
    const both = await Promise.all([
      started('prepare', '--data', 'scans', '--out', 'shared'),
      started('prepare', '--data', 'scans', '--out', 'shared'),
      started('prepare', '--data', other, '--out', 'shared'),
    ]);
    expect(both).toEqual(Array(3).fill({ code: 0, stderr: '' }));
    expect(index('shared').scans).toHaveLength(12);
    expect(below('shared').filter((file) => file.endsWith('.tmp') || file.endsWith('.lock'))).toEqual([]);
    expect(run('prepare', '--out', 'shared', '--verify').status).toBe(0);
  });

  it('stops at a scan that fails and names its series; with --keep-going it prepares the others, then fails', () => {
    const data = copied('one-broken');
    writeFileSync(path.join(folder, data, 'subset2', 'quick-00002.raw'), 'short');
    const stopped = run('prepare', '--data', data, '--out', 'stopped');
    expect([stopped.status, existsSync(path.join(folder, 'stopped', 'store.json'))]).toEqual([1, false]);
    expect(stopped.stderr).toMatch(/^error: preparing series quick-00002: .*quick-00002\.raw/m);
    const kept = run('prepare', '--data', data, '--out', 'stopped', '--keep-going', '--json');
    expect([kept.status, last(kept.stdout).status]).toEqual([1, 'failed']);
    expect(kept.stderr).toContain('preparing series quick-00002');
    expect(index('stopped').scans.map(({ uid }: { uid: string }) => uid)).toEqual(
      [0, 1, 3, 4, 5].map((n) => `quick-0000${n}`),
    );
  });

  it('with another rule, spacing or number of background points never reuses an older truth', () => {
    const keys = (...more: string[]) => {
      const made = run('prepare', '--data', 'scans', '--out', 'changing', ...more);
      expect(made.status, made.stderr).toBe(0);
      return index('changing').scans.map(({ key }: { key: string }) => key);
    };
    const all = [
      keys(),
      keys('--box-preset', 'book'),
      keys('--spacing', '2,2,1'),
      keys('--background-points', '7'),
    ].flat();
    expect(new Set(all).size).toBe(4 * 6);
    expect(keys()).toEqual(all.slice(0, 6));
  });

  it('hashes a file again when its size or time changed; --verify always does', () => {
    const data = copied('touched');
    const file = path.join(folder, data, 'subset1', 'quick-00001.raw');
    const long = new Date(Date.now() - 3_600_000);
    for (const one of below(data)) utimesSync(one, long, long);
    const made = () => last(run('prepare', '--data', data, '--out', 'remembering', '--json').stdout);
    expect(made()).toMatchObject({ scans: 6, kept: 0 });
    expect(made()).toMatchObject({ scans: 6, kept: 6 });
    const bytes = readFileSync(file);
    bytes[1000]! ^= 1;
    writeFileSync(file, bytes);
    utimesSync(file, long, long);
    expect(made(), 'size and time are the same: believed').toMatchObject({ kept: 6 });
    const verified = run('prepare', '--data', data, '--out', 'remembering', '--verify');
    expect(verified.status).toBe(1);
    expect(verified.stdout).toContain('series quick-00001 is changed');
    utimesSync(file, long, new Date());
    expect(made()).toMatchObject({ kept: 5 });
  });

  it('--verify names a damaged scan, and preparing again restores one of the wrong size', () => {
    run('prepare', '--data', 'scans', '--out', 'damaged');
    const { uid, key } = index('damaged').scans[3];
    const voxels = path.join(folder, 'damaged', 'scans', key, 'voxels.npy');
    const bytes = readFileSync(voxels);
    bytes[500]! ^= 1;
    writeFileSync(voxels, bytes);
    const found = run('prepare', '--out', 'damaged', '--verify', '--json');
    expect([found.status, last(found.stdout).code]).toEqual([1, 'store-faults']);
    expect(found.stderr).toContain(`series ${uid} is damaged: voxels.npy has the wrong hash`);
    writeFileSync(voxels, 'short');
    expect(last(run('prepare', '--data', 'scans', '--out', 'damaged', '--json').stdout)).toMatchObject({ kept: 5 });
    expect(run('prepare', '--out', 'damaged', '--verify').status).toBe(0);
  });

  it('--gc removes what the index does not name and what a killed process left, not what a running one writes', () => {
    run('prepare', '--data', 'scans', '--out', 'full', '--box-preset', 'book');
    run('prepare', '--data', 'scans', '--out', 'full');
    const scans = path.join(folder, 'full', 'scans');
    const mine = readdirSync(scans);
    expect(mine).toHaveLength(12);
    const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
    const { pid } = spawnSync('true');
    const dead = path.join(scans, `${'0'.repeat(32)}.${host}-${pid}-0.00.tmp`);
    const alive = path.join(scans, `${'0'.repeat(32)}.${host}-${process.pid}-0.00.tmp`);
    const claim = path.join(folder, 'full', `preparing..${host}-${process.pid}-0.00.tmp`);
    for (const dir of [dead, alive]) mkdirSync(dir);
    writeFileSync(claim, '{}');
    const busy = last(run('prepare', '--out', 'full', '--gc', '--json').stdout);
    expect(busy).toMatchObject({ busy: 1, removed: 1 });
    expect([existsSync(dead), existsSync(alive), readdirSync(scans).length]).toEqual([false, true, 13]);
    rmSync(claim);
    rmSync(alive, { recursive: true });
    expect(last(run('prepare', '--out', 'full', '--gc', '--json').stdout)).toMatchObject({ busy: 0, removed: 6 });
    expect(readdirSync(scans).sort()).toEqual(
      index('full')
        .scans.map(({ key }: { key: string }) => key)
        .sort(),
    );
    expect(run('prepare', '--data', 'scans', '--out', 'full', '--verify').status).toBe(0);
  });
});

describe('private data', { timeout: 120_000 }, () => {
  it('of a patient (name, birth date, path) never reaches the store or an error', () => {
    const [person, born] = ['Planted^Patient', '19470613'];
    const home = path.join('of', `${person}-${born}`);
    mkdirSync(path.join(folder, home), { recursive: true });
    cpSync(path.join(folder, 'scans'), path.join(folder, home, 'data'), { recursive: true });
    const uids = Array.from({ length: 6 }, (_, n) => `quick-0000${n}`);
    const list = ['seriesuid,patient,birth', ...uids.map((uid) => `${uid},${person} ${born},${born}`)];
    writeFileSync(path.join(folder, home, 'data', 'patients.csv'), `${list.join('\n')}\n`);
    const made = run('prepare', '--data', path.join(home, 'data'), '--out', 'private', '--json');
    expect(made.status, made.stderr).toBe(0);
    expect(index('private').scans[0].patient).toMatch(/^patient-[0-9a-f]{16}$/);
    expect(new Set(index('private').scans.map(({ patient }: { patient: string }) => patient)).size).toBe(1);
    for (const file of below('private')) {
      const bytes = readFileSync(file);
      for (const secret of [person, born, folder, 'subset0/'])
        expect(bytes.includes(secret), `${secret} in ${file}`).toBe(false);
    }
    writeFileSync(path.join(folder, home, 'data', 'subset0', 'quick-00000.raw'), 'short');
    const failed = run('prepare', '--data', path.join(home, 'data'), '--out', 'private2');
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(/preparing series quick-00000: .*quick-00000\.raw/);
    for (const secret of [person, born, folder]) expect(failed.stderr).not.toContain(secret);
  });
});
