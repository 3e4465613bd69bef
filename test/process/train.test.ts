import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { kernelVariables } from '../../dist/runtime/environment.js';
import { loadTensorsSync } from '../../dist/torch/serialization/index.js';
import type { Child } from '../support/child.js';
import { cliIn, jsonLines, startCli, succeeded } from '../support/cli.js';
import { main } from '../support/paths.js';
import { pythonInterpreter } from '../support/python.js';
import { scratchFolder } from '../support/scratch.js';
import { writeTinyScans } from '../support/tinyScans.js';

const folder = scratchFolder('train');
const common = [
  '--threads',
  '1',
  '--epochs',
  '2',
  '--samples',
  '96',
  '--checkpoint-steps',
  '2',
  '--images',
  '1',
].concat(
  // Every option that wraps a training step: runs that are equal with all of them are equal with fewer.
  ['--batch', '8', '--accumulate', '2', '--ema', '0.9', '--clip-norm', '0.5', '--on-nan', 'skip'],
  ['--optimizer', 'adamw', '--schedule', 'one-cycle'],
);

const cli = cliIn(folder);

/** Starts training and returns the process as soon as it has finished so many steps. */
const trainUntil = (run: string, step: number, ...more: string[]) =>
  startUntil(`"type":"step","step":${step},`, 'train', '--data', 'scans', '--out', run, ...common, ...more);

/** Starts a command and returns the process as soon as it has printed the text. */
const startUntil = async (text: string, ...args: string[]) => {
  const child = startCli([...args, '--json'], { cwd: folder });
  await child.said(text);
  return child;
};
const end = ({ process: child, ended }: Child, signal: NodeJS.Signals) => {
  child.kill(signal);
  return ended;
};

const tensorsOf = (run: string) => {
  const { tensors } = loadTensorsSync(join(folder, run, 'checkpoints', 'last.safetensors'));
  return Object.fromEntries(
    [...tensors].map(([name, tensor]) => [name, Buffer.from(tensor.data().buffer).toString('hex')]),
  );
};

const python = pythonInterpreter();
const readTensorboard = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
run = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0, 'images': 0})
run.Reload()
tags = run.Tags()
print(json.dumps({
  'scalars': {tag: [[e.step, e.value] for e in run.Scalars(tag)] for tag in tags['scalars']},
  'images': {tag: [[e.width, e.height, e.encoded_image_string[:8].hex()] for e in run.Images(tag)] for tag in tags['images']},
}))`;

beforeAll(async () => {
  await writeTinyScans(join(folder, 'scans'));
  succeeded(cli('train', '--data', 'scans', '--out', 'whole', ...common, '--json'));
}, 240_000);

describe('train', { timeout: 120_000 }, () => {
  it('leaves a run folder with config, manifest, events, a line of metrics an epoch, TensorBoard and checkpoints', () => {
    const run = join(folder, 'whole');
    expect(readdirSync(run).sort()).toEqual([
      'checkpoints',
      'config.json',
      'events.jsonl',
      'manifest.json',
      'metrics.csv',
      'split.json',
      'tensorboard',
    ]);
    expect(readFileSync(join(run, 'metrics.csv'), 'utf8').trim().split('\n')).toHaveLength(3);
    const log = jsonLines(readFileSync(join(run, 'events.jsonl'), 'utf8'));
    expect(log.filter(({ type }) => type === 'step').map(({ step }) => step)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    expect(log.at(-1)).toMatchObject({ type: 'end', status: 'finished' });
  });

  it.skipIf(python === null)(
    "leaves scalars and pictures that Python's tensorboard reads (skipped without `npm run python`)",
    () => {
      const read = spawnSync(python as string, ['-c', readTensorboard, join(folder, 'whole', 'tensorboard')], {
        encoding: 'utf8',
      });
      expect(read.status, read.stderr).toBe(0);
      const { scalars, images } = JSON.parse(read.stdout) as {
        scalars: Record<string, [step: number, value: number][]>;
        images: Record<string, [width: number, height: number, bytes: string][]>;
      };
      expect(Object.keys(scalars).length).toBeGreaterThanOrEqual(10);
      const rows = readFileSync(join(folder, 'whole', 'metrics.csv'), 'utf8')
        .trim()
        .split('\n');
      const columns = (rows[0] as string).split(',');
      const written = (row: number, column: string) => Number(rows[row]?.split(',')[columns.indexOf(column)]);
      expect(scalars['loss/training']?.map(([step]) => step)).toEqual([6, 12]);
      for (const [epoch, [, loss]] of (scalars['loss/training'] ?? []).entries())
        expect(loss).toBeCloseTo(written(epoch + 1, 'train_loss_all'), 5);
      const tag = Object.keys(images).find((one) => one.endsWith('/error'));
      expect(tag).toMatch(/^validation phantom-standard-1-\d{4} slice \d+\/\w+$/);
      for (const [width, height, start] of images[tag as string] ?? []) {
        expect([width, height]).toEqual([256, 256]);
        expect(start).toBe('89504e470d0a1a0a');
      }
    },
  );

  const resumedFrom = (run: string, spoil: (checkpoints: string) => void) => {
    cpSync(join(folder, 'halted'), join(folder, run), { recursive: true });
    spoil(join(folder, run, 'checkpoints'));
    return cli('train', '--resume', run);
  };
  const last = 'last.safetensors';

  it('keeps the checkpoint before the last, and resumes from it to the same bytes when the last is damaged', async () => {
    await end(await trainUntil('halted', 5), 'SIGINT');
    const [before] = readdirSync(join(folder, 'halted', 'checkpoints')).filter((name) => name.startsWith('step-'));
    expect(before).toMatch(/^step-00000000[45]\.safetensors$/);
    const torn = resumedFrom('torn', (at) => truncateSync(join(at, last), 5000));
    expect(torn.stdout).toMatch(
      /torn\/checkpoints\/last\.safetensors.*Continuing from step-00000000[45]\.safetensors\./,
    );
    expect(torn.status, torn.stderr).toBe(0);
    expect(tensorsOf('torn')).toEqual(tensorsOf('whole'));
    const flipped = resumedFrom('flipped', (at) => {
      const bytes = readFileSync(join(at, last));
      bytes[bytes.length - 100]! ^= 1;
      writeFileSync(join(at, last), bytes);
    });
    expect(flipped.stdout).toMatch(/SHA-256 .* the file is damaged.*Continuing from/);
    expect(tensorsOf('flipped')).toEqual(tensorsOf('whole'));
  });

  it("refuses another run's checkpoint by name, and a damaged one when there is no other", () => {
    const trained = cli(
      'train',
      '--data',
      'scans',
      '--out',
      'foreign',
      ...common,
      '--learning-rate',
      '0.1',
      '--epochs',
      '1',
    );
    expect(trained.status, trained.stderr).toBe(0);
    const drop = (at: string) => {
      for (const name of readdirSync(at)) if (name !== last) rmSync(join(at, name));
    };
    const foreign = resumedFrom('mixed', (at) => {
      drop(at);
      cpSync(join(folder, 'foreign', 'checkpoints', last), join(at, last));
    });
    expect(foreign.status).toBe(1);
    expect(foreign.stderr).toMatch(/mixed\/checkpoints\/last\.safetensors: found the configuration of another run/);
    const alone = resumedFrom('alone', (at) => {
      drop(at);
      truncateSync(join(at, last), 5000);
    });
    expect(alone.status).toBe(1);
    expect(alone.stderr).toContain(join('alone', 'checkpoints', last));
  });

  const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0;
  it.skipIf(!canMount)(
    'stops on a full disk with one error and a whole last checkpoint (skipped unless this user may mount a disk)',
    () => {
      mkdirSync(join(folder, 'small'));
      const train = [main, 'train', '--data', 'scans', '--out', 'small/run', ...common, '--keep-checkpoints', '1'];
      const script = 'mount -t tmpfs -o size=2m none small && node "$@"; code=$?; cp -r small/run kept; exit $code';
      const { status, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script, 'sh', ...train, '--epochs', '400'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(1);
      expect(stderr).toMatch(
        /training in small\/run: the disk is full .*The last good checkpoint is .*last\.safetensors\. Free some space/,
      );
      expect(Object.keys(tensorsOf('kept')).length).toBeGreaterThan(10);
    },
  );

  it('--like repeats a run and reports identical bytes or the first difference', () => {
    const again = cli('train', '--like', 'whole', '--out', 'again');
    expect(again.status, again.stderr).toBe(0);
    expect(again.stdout).toMatch(/Bit-identical to whole: weights and optimizer have SHA-256 [0-9a-f]{64}\./);
    const other = cli('train', '--like', 'whole', '--out', 'other', '--set', 'learningRate=0.002', '--epochs', '1');
    expect(other.status).toBe(1);
    expect(other.stdout).toContain('Not bit-identical to whole. First difference: config.epochs: found 1, expected 2.');
    const manifest = JSON.parse(readFileSync(join(folder, 'whole', 'manifest.json'), 'utf8'));
    expect(manifest.build.libtorch).toMatch(/^[0-9a-f]{64}$/);
    expect(manifest).toMatchObject({
      seed: 1,
      threads: 1,
      generator: 'philox4x32-10',
      variables: kernelVariables(),
      command: ['train', '--data', 'PATH', '--out', 'PATH', ...common, '--json'],
    });
  });

  it('killed by kill -9 in an epoch and in a validation, resumes to the same bytes', async () => {
    const killed = async (child: Child) => expect((await end(child, 'SIGKILL')).signal).toBe('SIGKILL');
    await killed(await trainUntil('killed', 5, '--checkpoint-steps', '1', '--keep-checkpoints', '3'));
    await killed(await startUntil('"type":"validation-progress"', 'train', '--resume', 'killed'));
    const resumed = cli('train', '--resume', 'killed', '--json');
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(jsonLines(resumed.stdout).find(({ type }) => type === 'step')?.step).toBe(7);
    expect(tensorsOf('killed')).toEqual(tensorsOf('whole'));
    expect(readFileSync(join(folder, 'killed', 'metrics.csv'))).toEqual(
      readFileSync(join(folder, 'whole', 'metrics.csv')),
    );
    expect(readdirSync(join(folder, 'killed', 'checkpoints')).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('interrupted by Ctrl-C saves, prints the command that resumes, and resumes to the same bytes', async () => {
    const { code, stdout, stderr } = await end(await trainUntil('stopped', 3), 'SIGINT');
    expect(code).toBe(130);
    expect(stderr).toContain('nodule-train train --resume stopped');
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'end', status: 'stopped' });
    expect(existsSync(join(folder, 'stopped', 'lock.json'))).toBe(false);
    expect(cli('train', '--resume', 'stopped').status).toBe(0);
    expect(tensorsOf('stopped')).toEqual(tensorsOf('whole'));
  });

  it('ends at once at the second Ctrl-C', async () => {
    const child = await trainUntil('twice', 1);
    child.process.kill('SIGINT');
    const ended = await end(child, 'SIGINT');
    expect([ended.signal, ended.code]).not.toEqual([null, 0]);
  });

  it('resumes a finished run with exit 0 and a note', () => {
    const again = cli('train', '--resume', 'whole');
    expect(again.status).toBe(0);
    expect(again.stdout).toContain('finished; there is nothing left to train');
  });

  it('refuses a run folder in use and one that is not empty', async () => {
    const child = await trainUntil('busy', 1);
    const second = cli('train', '--resume', 'busy');
    await end(child, 'SIGKILL');
    expect(second.status).toBe(1);
    expect(second.stderr).toContain('is training in it');
    const third = cli('train', '--data', 'scans', '--out', 'whole');
    expect(third.status).toBe(1);
    expect(third.stderr).toContain('the folder is not empty');
  });

  it.each([
    [['train', '--epoch', '2'], 'Did you mean --epochs?'],
    [['train', '--data', 'scans'], '`out`'],
    [
      ['train', '--resume', 'whole', '--epochs', '9'],
      '`train --resume whole` takes no other options, but found epochs.',
    ],
    [['tarin'], 'Did you mean train?'],
  ])('exits 2 with one line for %j', (args, message) => {
    const { status, stderr } = cli(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('exits 1 for a missing data folder, with a last event of status `failed`', () => {
    const { status, stdout, stderr } = cli('train', '--data', 'nowhere', '--out', 'x', '--json');
    expect(status).toBe(1);
    expect(stderr).toContain('nowhere');
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'end', status: 'failed' });
  });
});
