import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readHardPoints } from '../../dist/data/sampling/hardPoints.js';
import { mineFalsePositives } from '../../dist/evaluate/mineFalsePositives.js';
import { fileHashSync } from '../../dist/runtime/files/fileHash.js';

const main = resolve(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'mine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cli = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' });

it("mine writes a run's own false positives on its training scans, and training reads them and notes their hash", {
  timeout: 240_000,
}, async () => {
  const small = ['--threads', '1', '--epochs', '1', '--batch', '8', '--crop-size', '32', '--network-depth', '2'];
  const run = [...small, '--network-wf', '2', '--context-slices', '1', '--images', '0', '--compat-zero-is-best'];
  cli('synth', 'scans', '--count', '3', '--size', '12,64,64', '--spacing', '5,5,12', '--threads', '1');
  const first = cli('train', '--data', 'scans', '--out', 'run', '--samples', '32', ...run);
  expect(first.status, first.stderr).toBe(0);
  // What so short a training paints is not known beforehand: a cut at which it paints something beside the nodules.
  const at = async (threshold: number) =>
    mineFalsePositives({
      ...{ data: join(folder, 'scans'), model: join(folder, 'run', 'checkpoints', 'best.safetensors') },
      ...{ split: join(folder, 'run', 'split.json'), threshold, minimumVoxels: 1, device: 'cpu' },
    });
  const cuts = Array.from({ length: 19 }, (_, i) => 0.95 - i / 20);
  let cut: number | undefined;
  for (const each of cuts) {
    const found = [...(await at(each)).values()].reduce((sum, list) => sum + list.length, 0);
    if (found > 0) cut = each;
    if (cut !== undefined) break;
  }
  expect(cut).toBeDefined();
  const cutting = ['--threshold', String(cut), '--minimum-voxels', '1'];
  const mined = cli('mine', '--run', 'run', '--out', 'hard.json', '--most-per-scan', '5', ...cutting);
  expect(mined.status, mined.stderr).toBe(0);
  const points = await readHardPoints(join(folder, 'hard.json'));
  const { train } = JSON.parse(readFileSync(join(folder, 'run', 'split.json'), 'utf8'));
  expect([...points.keys()].sort()).toEqual([...train].sort());
  const counts = [...points.values()].map(({ length }) => length);
  expect(counts.some((count) => count > 0)).toBe(true);
  expect(counts.every((count) => count <= 5)).toBe(true);
  expect(cli('mine', '--run', 'run', '--out', 'hard.json').stderr).toMatch(/hard\.json/);
  const taught = cli(
    'train',
    '--data',
    'scans',
    '--out',
    'taught',
    '--samples',
    '16',
    '--hard-points',
    'hard.json',
    ...run,
  );
  expect(taught.status, taught.stderr).toBe(0);
  expect(JSON.parse(readFileSync(join(folder, 'taught', 'manifest.json'), 'utf8')).files).toEqual({
    hardPoints: fileHashSync(join(folder, 'hard.json')).sha256,
  });
  expect(existsSync(join(folder, 'taught', 'checkpoints', 'last.safetensors'))).toBe(true);
});
