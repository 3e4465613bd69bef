import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { watchChild } from '../support/child.js';
import { inRoot } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';
import { writeTinyScans } from '../support/tinyScans.js';

const script = inRoot('scripts', 'luna16.mjs');
const read = (...parts: string[]) => readFileSync(path.join(...parts), 'utf8');

describe('scripts/luna16.mjs on ten phantoms in LUNA16 layout', { timeout: 180_000 }, () => {
  const scratch = scratchFolder('luna16');
  const data = path.join(scratch, 'luna16');
  const work = path.join(scratch, 'work');
  const uid = (fold: number) => `phantom-standard-1-000${fold}`;
  const small = ['--epochs', '1', '--samples', '32', '--threads', '1', '--device', 'cpu', '--folds', '0,3'];
  const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

  beforeAll(async () => {
    await writeTinyScans(data, 10);
    // A finding that is excluded, and a scan of the official list that is not on disk.
    const [header, first] = read(data, 'annotations.csv').split('\n');
    writeFileSync(path.join(data, 'annotations_excluded.csv'), `${header}\n${first!.replace(/[^,]+$/, '-1')}\n`);
    const listed = Array.from({ length: 10 }, (_, n) => uid(n));
    writeFileSync(path.join(data, 'seriesuids.csv'), `${[...listed, 'elsewhere'].join('\n')}\n`);
  });

  it('prints its commands without running them', () => {
    const { status, stdout } = run('--data', data, '--out', work, '--dry-run', '--folds', '2,7');
    expect(status).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toContain('Note: There is no candidates_V2.csv');
    expect(lines[1]).toBe('Note: 1 of the 11 scans of seriesuids.csv are not on disk and not scored.');
    expect(lines.slice(2).map((line) => line.split(' ')[1])).toEqual([
      'prepare',
      ...['train', 'segment', 'train', 'segment'],
      'froc',
    ]);
    expect(lines[4]).toContain(`segment ${path.join(data, 'subset2')} --model`);
    expect(existsSync(work)).toBe(false);
  });

  it('estimates disk, memory and hours of each step', () => {
    const { status, stdout } = run('--data', data, '--out', work, '--plan', ...small);
    expect(status).toBe(0);
    expect(stdout).toMatch(/2 of 10 scans are scored in 2 folds/);
    expect(stdout).toMatch(/prepare .* GB of disk .* GB of memory.*\n {2}train .*2 x .*\n {2}segment /);
    expect(existsSync(work)).toBe(false);
  });

  it('trains, segments and scores, though it is killed while training and while segmenting', async () => {
    const args = ['--data', data, '--out', work, ...small];
    for (const stage of ['== train fold 0', '== segment fold 0']) {
      // A group of its own, so that its commands die with it, as in a power cut.
      const options = { detached: true, stdio: ['ignore', 'pipe', 'pipe'] } as const;
      const killed = watchChild(spawn(process.execPath, [script, ...args], options), 120_000);
      await killed.stage(stage);
      await new Promise((resolve) => setTimeout(resolve, 700));
      process.kill(-killed.process.pid!, 'SIGKILL');
      expect((await killed.ended).signal).toBe('SIGKILL');
    }
    const done = run(...args);
    expect(done.status, done.stderr).toBe(0);
    expect(done.stdout).toMatch(/== prepare: done in/);
    expect(done.stdout).toMatch(/== train fold 0: done in/);

    for (const fold of [0, 3]) {
      // Nothing of the scored scans is trained on, and the model is not the one chosen on them.
      const split = JSON.parse(read(work, `fold${fold}`, 'run', 'split.json'));
      expect([split.validation, split.train.length]).toEqual([[uid(fold)], 9]);
      const result = JSON.parse(read(work, `fold${fold}`, 'found', uid(fold), 'nodules.json'));
      expect(JSON.stringify(result)).toContain('last.safetensors');
      expect(readdirSync(path.join(work, `fold${fold}`, 'found')).filter((name) => name.startsWith('ph'))).toEqual([
        uid(fold),
      ]);
    }
    expect(read(work, 'seriesuids.csv')).toBe(`${uid(0)}\n${uid(3)}\n`);
    const [header, ...marks] = read(work, 'luna16.csv').trim().split('\n');
    expect(header).toBe('seriesuid,coordX,coordY,coordZ,probability');
    expect(new Set(marks.map((line) => line.split(',')[0]))).toEqual(new Set([uid(0), uid(3)]));
    const annotations = read(data, 'annotations.csv').trim().split('\n').slice(1);
    const nodules = annotations.filter((line) => [uid(0), uid(3)].includes(line.split(',')[0]!)).length;
    const froc = JSON.parse(read(work, 'froc', 'froc.json'));
    expect(froc).toMatchObject({ scans: 2, nodules, marks: { total: marks.length }, marksElsewhere: 0 });

    // Again: only the score is made again, from marks that a detector could have left.
    const found = path.join(work, 'fold0', 'found', 'luna16.csv');
    copyFileSync(found, `${found}.bak`);
    writeFileSync(found, `# comment\n${header}\n${annotations[0]!.replace(/[^,]+$/, '1')}\n`);
    const again = run(...args);
    expect(again.status, again.stderr).toBe(0);
    expect(again.stdout.match(/^== .*$/gm)).toEqual([
      ...['prepare', 'train fold 0', 'segment fold 0', 'train fold 3', 'segment fold 3'].map((step) =>
        expect.stringMatching(`^== ${step}: done in`),
      ),
      '== froc of 2 folds',
    ]);
    expect(JSON.parse(read(work, 'froc', 'froc.json')).found).toBeGreaterThanOrEqual(1);
    renameSync(`${found}.bak`, found);

    const other = run(...args, '--threshold', '0.3');
    expect([other.status, other.stderr]).toEqual([
      1,
      `error: continuing ${work}: it was begun with another --threshold. Give the same one, or another --out.\n`,
    ]);
  });

  it.each([
    ['no folder', ['--data', path.join(scratch, 'nowhere')], 'found 0 folders subset0 …, expected at least 2'],
    ['a fold without scans', ['--data', data, '--folds', '0,12'], 'subset12 has no scan (.mhd)'],
    ['no data', [], 'expected --data LUNA16 and --out WORK'],
  ])('refuses %s', (_, args, found) => {
    const { status, stderr } = run('--out', path.join(scratch, 'refused'), ...args);
    expect([status, stderr.split('\n')]).toEqual([1, [expect.stringContaining(found), '']]);
  });
});
