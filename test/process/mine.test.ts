import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readHardPoints } from '../../dist/data/sampling/hardPoints.js';
import { mineFalsePositives } from '../../dist/evaluate/mineFalsePositives.js';
import { fileHashSync } from '../../dist/runtime/files/fileHash.js';
import { cliIn } from '../support/cli.js';
import { scratchFolder } from '../support/scratch.js';
import { writeTinyScans } from '../support/tinyScans.js';

const folder = scratchFolder('mine');
const cli = cliIn(folder);

it("mine writes a run's own false positives on its training scans; training reads them and records their hash", {
  timeout: 240_000,
}, async () => {
  const small = ['--threads', '1', '--epochs', '1', '--batch', '8', '--crop-size', '32', '--network-depth', '2'];
  const run = [...small, '--network-wf', '2', '--context-slices', '1', '--images', '0', '--compat-zero-is-best'];
  await writeTinyScans(join(folder, 'scans'), 3);
  const first = cli('train', '--data', 'scans', '--out', 'run', '--samples', '32', ...run);
  expect(first.status, first.stderr).toBe(0);
  // Where so short a training finds false positives is not known beforehand: search for a threshold that has some.
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
