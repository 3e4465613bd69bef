import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask } from '../../dist/ct/index.js';
import { loadTensorsSync } from '../../dist/torch/index.js';
import { cliIn, jsonLines, succeeded } from '../support/cli.js';
import { scratchFolder } from '../support/scratch.js';
import { writeTinyScans } from '../support/tinyScans.js';

const folder = scratchFolder('prepare');
const run = cliIn(folder);
const cli = (...args: string[]) => succeeded(run(...args));

beforeAll(async () => {
  await writeTinyScans(path.join(folder, 'scans'));
  cli('prepare', '--data', 'scans', '--out', 'store', '--export', 'masks');
});

describe('prepare', { timeout: 120_000 }, () => {
  it('makes a store that trains to the same bytes as its source folder', () => {
    const weights = ['scans', 'store'].map((data) => {
      cli(
        'train',
        '--data',
        data,
        '--out',
        `of-${data}`,
        '--epochs',
        '1',
        '--samples',
        '64',
        '--threads',
        '1',
        '--images',
        '0',
      );
      const { tensors } = loadTensorsSync(path.join(folder, `of-${data}`, 'checkpoints', 'last.safetensors'));
      return [...tensors].map(([name, tensor]) => [
        name,
        createHash('sha256').update(new Uint8Array(tensor.data().buffer)).digest('hex'),
      ]);
    });
    expect(weights[0]!.length).toBeGreaterThan(30);
    expect(weights[1]).toEqual(weights[0]);
  });

  it('writes an nnU-Net raw folder that is read back with the same voxels and masks, in HU', () => {
    cli('prepare', '--data', 'scans', '--out', 'store', '--export-nnunet', 'nnunet');
    const description = JSON.parse(readFileSync(path.join(folder, 'nnunet', 'dataset.json'), 'utf8'));
    expect(description).toMatchObject({ channel_names: { 0: 'CT' }, numTraining: 4, file_ending: '.nii.gz' });
    const { stdout } = cli('prepare', '--data', 'nnunet', '--out', 'of-nnunet', '--export', 'masks-again', '--json');
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'end', scans: 4 });
    for (const name of readdirSync(path.join(folder, 'masks')).filter((file) => file.endsWith('.zraw')))
      expect(
        readFileSync(path.join(folder, 'masks-again', name)).equals(readFileSync(path.join(folder, 'masks', name))),
      ).toBe(true);
    const voxels = (store: string) =>
      readdirSync(path.join(folder, store, 'scans'))
        .map((key) =>
          createHash('sha256')
            .update(readFileSync(path.join(folder, store, 'scans', key, 'voxels.npy')))
            .digest('hex'),
        )
        .sort();
    expect(voxels('of-nnunet')).toEqual(voxels('store'));
  });

  it('--audit audits the store and prints one line of counts', () => {
    const { stdout } = cli('prepare', '--data', 'scans', '--out', 'store', '--audit', 'audit');
    expect(stdout).toMatch(/Audit of \d+ nodules in 4 scans: \d+ flagged, with \d+ errors and \d+ warnings/);
    const { scans, counts } = JSON.parse(readFileSync(path.join(folder, 'audit', 'audit.json'), 'utf8'));
    expect([scans.length, counts.scans]).toEqual([4, 4]);
    const page = readFileSync(path.join(folder, 'audit', 'audit.html'), 'utf8');
    // No folder's name: the files are given to others.
    for (const text of [page, JSON.stringify(scans)]) expect(text).not.toContain(folder);
  });

  it('exports the mask of each scan, which is exact for a phantom', async () => {
    const exported = readdirSync(path.join(folder, 'masks')).filter((file) => file.endsWith('.mhd'));
    expect(exported).toHaveLength(4);
    for (const file of exported) {
      const [ours, exact] = await Promise.all(
        [path.join(folder, 'masks', file), path.join(folder, 'scans', 'masks', file)].map((mask) => readMask(mask)),
      );
      expect(ours!.voxels).toEqual(exact!.voxels);
    }
  });

  it('keeps every scan the second time', () => {
    const again = jsonLines(cli('prepare', '--data', 'scans', '--out', 'store', '--json').stdout);
    expect(again.at(-1)).toMatchObject({ type: 'end', status: 'finished', scans: 4, kept: 4 });
  });
});

describe('evaluate', { timeout: 120_000 }, () => {
  it('scores one part of a split, writes pictures, and ends with one object of figures', () => {
    const scored = cli(
      ...['evaluate', '--data', 'store', '--model', 'of-scans/checkpoints/last.safetensors', '--json'],
      ...['--split', 'of-scans/split.json', '--part', 'validation', '--pictures', 'nodules.png'],
    );
    const end = jsonLines(scored.stdout).at(-1)!;
    const { validation } = JSON.parse(readFileSync(path.join(folder, 'of-scans', 'split.json'), 'utf8'));
    expect(validation.length).toBeLessThan(4);
    expect(end).toMatchObject({ type: 'end', status: 'finished', scans: validation.length, trainedOn: 0 });
    expect(end.found).toBeLessThanOrEqual(end.nodules);
    for (const name of ['sensitivity', 'falsePerScan', 'dice3d']) expect(end.intervals).toHaveProperty(name);
    expect(Object.keys(end.dice3d).sort()).toEqual(['mean', 'median', 'pooled']);
    expect(existsSync(path.join(folder, 'nodules.png'))).toBe(true);
  });
});
