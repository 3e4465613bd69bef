import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cliIn, startCli, succeeded } from '../support/cli.js';
import { inSupport } from '../support/paths.js';
import { pythonInterpreter } from '../support/python.js';
import { scratchFolder } from '../support/scratch.js';
import { writeTinyScans } from '../support/tinyScans.js';

const python = pythonInterpreter();
const options = [
  ...['--threads', '1', '--epochs', '2', '--samples', '64', '--images', '1', '--histograms', '1'],
  ...['--checkpoint-steps', '1', '--keep-checkpoints', '20'],
];

interface Read {
  scalars: Record<string, [step: number, value: number][]>;
  images: Record<string, [step: number, width: number, height: number, sha256: string][]>;
  histograms: Record<string, [step: number, limits: number[], counts: number[], count: number][]>;
  curves: Record<string, [step: number, rows: number[][]][]>;
  text: Record<string, [step: number, text: string][]>;
  experiment: {
    hparamInfos: { name: string; type: string; differs?: boolean }[];
    metricInfos: { name: { tag: string } }[];
  };
  start: { hparams: Record<string, unknown>; groupName: string };
  end: { status: string };
  layout: { category: { chart: { multiline: { tag: string[] } }[] }[] };
}

const folder = scratchFolder('tensorboard');
const cli = cliIn(folder);
const read = (...runs: string[]): Read[] => {
  const { status, stdout, stderr } = spawnSync(
    python as string,
    [inSupport('readTensorboard.py'), ...runs.map((run) => join(folder, run, 'tensorboard'))],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};

/** Copies the run as if killed long after the checkpoint of a step: its records go beyond the checkpoint. */
const killedAfter = (run: string, step: number) => {
  cpSync(join(folder, 'whole'), join(folder, run), { recursive: true });
  const checkpoints = join(folder, run, 'checkpoints');
  const name = `step-${String(step).padStart(9, '0')}.safetensors`;
  for (const other of readdirSync(checkpoints))
    if (other === 'last.safetensors' || (other.startsWith('step-') && other > name)) rmSync(join(checkpoints, other));
  return run;
};

/** Trains and kills the process with SIGKILL as soon as its output holds the text. */
const killAt = async (run: string, text: string) => {
  const child = startCli(['train', '--data', 'scans', '--out', run, ...options, '--json'], { cwd: folder });
  await child.said(text);
  child.process.kill('SIGKILL');
  expect((await child.ended).signal).toBe('SIGKILL');
};

describe.skipIf(python === null)(
  "the TensorBoard files of a run, as Python's reader sees them (skipped without `npm run python`)",
  { timeout: 300_000 },
  () => {
    let whole: Read;
    beforeAll(async () => {
      await writeTinyScans(join(folder, 'scans'));
      succeeded(cli('train', '--data', 'scans', '--out', 'whole', ...options));
      [whole] = read('whole') as [Read];
    }, 300_000);

    it('hold scalars in groups, one value for each epoch, equal to metrics.csv', () => {
      const groups = new Set(Object.keys(whole.scalars).map((tag) => tag.split('/')[0]));
      expect([...groups].sort()).toEqual(['loss', 'nodules', 'optimizer', 'pixels', 'score', 'speed']);
      const [header, ...rows] = readFileSync(join(folder, 'whole', 'metrics.csv'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(','));
      const column = (name: string) => rows.map((row) => Number(row[(header as string[]).indexOf(name)]));
      for (const [tag, name] of [
        ['loss/training', 'train_loss_all'],
        ['loss/validation', 'validation_loss_all'],
        ['score/validation', 'score'],
        ['nodules/false per scan', 'false_per_scan'],
      ] as const) {
        expect(whole.scalars[tag]?.map(([step]) => step)).toEqual([4, 8]);
        whole.scalars[tag]?.forEach(([, value], epoch) => {
          expect(value, tag).toBeCloseTo(column(name)[epoch] as number, 4);
        });
      }
      const rates = whole.scalars['speed/training crops per second'];
      expect(rates).toHaveLength(2);
      for (const [, rate] of rates!) expect(rate).toBeGreaterThan(0);
    });

    it('hold context and label of a slice once, prediction and error of the same slice after each validation', () => {
      const steps = Object.entries(whole.images).map(([tag, images]) => {
        const [, kind] = /^validation phantom-standard-1-\d{4} slice \d+\/(\w+)$/.exec(tag) ?? [];
        return [kind, images.map(([step]) => step)];
      });
      expect(Object.fromEntries(steps)).toEqual({
        context: [4],
        label: [4],
        prediction: [4, 8],
        error: [4, 8],
      });
      expect(steps).toHaveLength(4);
      const predictions = Object.entries(whole.images).find(([tag]) => tag.endsWith('/prediction'))?.[1] ?? [];
      expect(new Set(predictions.map(([, , , sha256]) => sha256)).size).toBe(2);
    });

    it('hold histograms of all weights and gradients in the requested epochs, with every value counted', () => {
      const names = (kind: string) =>
        Object.keys(whole.histograms)
          .filter((tag) => tag.startsWith(`${kind}/`))
          .map((tag) => tag.slice(kind.length + 1));
      expect(names('weights').length).toBeGreaterThan(20);
      expect(names('weights, gradients of')).toEqual(names('weights'));
      for (const entries of Object.values(whole.histograms)) {
        expect(entries.map(([step]) => step)).toEqual([4, 8]);
        for (const [, limits, counts, count] of entries) {
          expect(counts.reduce((a, b) => a + b, 0)).toBe(count);
          expect(limits).toEqual([...limits].sort((a, b) => a - b));
        }
      }
    });

    it('hold the precision-recall curve of the validation pixels, in the six rows that its plugin expects', () => {
      expect(Object.keys(whole.curves)).toEqual(['pixels/precision and recall']);
      const curve = whole.curves['pixels/precision and recall'] ?? [];
      expect(curve.map(([step]) => step)).toEqual([4, 8]);
      curve.forEach(([step, rows]) => {
        expect([rows.length, rows[0]?.length]).toEqual([6, 201]);
        const at = (row: number, threshold: number) => rows[row]?.[threshold] as number;
        const all = at(0, 0) + at(1, 0);
        for (let t = 0; t < 201; t++) expect(at(0, t) + at(1, t) + at(2, t) + at(3, t)).toBe(all);
        // At 0.5 it says what the scalars say (they count above, it from the threshold on).
        const recall = whole.scalars['pixels/validation recall']?.find(([other]) => other === step)?.[1] as number;
        expect(at(5, 100)).toBeCloseTo(recall, 3);
      });
    });

    it('hold the configuration as table and hyperparameters, the end of the run, and a layout of existing tags', () => {
      const [[step, table]] = whole.text.config as [[number, string]];
      expect(step).toBe(0);
      expect(table).toMatch(/^\| field \| value \| default \|\n\|---\|---\|---\|\n/);
      expect(table).toContain('| epochs | 2 | 20 |');
      expect(table).toContain('| network.depth | 3 |  |');
      expect(whole.start.groupName).toBe('whole');
      expect(whole.start.hparams).toMatchObject({ epochs: 2, loss: 'dice', 'network.batchNorm': true });
      const { hparamInfos, metricInfos } = whole.experiment;
      expect(hparamInfos.map(({ name }) => name).sort()).toEqual(Object.keys(whole.start.hparams).sort());
      const foremost = hparamInfos.filter(({ differs }) => differs).map(({ name }) => name);
      expect(foremost.sort()).toEqual(['epochs', 'learningRate', 'loss', 'preset', 'samples', 'threads']);
      for (const { name, type } of hparamInfos)
        expect(type).toBe(
          { number: 'DATA_TYPE_FLOAT64', boolean: 'DATA_TYPE_BOOL', string: 'DATA_TYPE_STRING' }[
            typeof whole.start.hparams[name] as 'number'
          ],
        );
      for (const { name } of metricInfos) expect(Object.keys(whole.scalars)).toContain(name.tag);
      expect(whole.end.status).toBe('STATUS_SUCCESS');
      const charts = whole.layout.category[0]!.chart;
      expect(charts.length).toBeGreaterThan(0);
      for (const { multiline } of charts)
        for (const tag of multiline.tag)
          expect(Object.keys(whole.scalars).filter((one) => new RegExp(tag).test(one))).toHaveLength(1);
    });

    it('equal those of an uninterrupted run after kills in an epoch, in a validation and after one', async () => {
      await killAt('validating', '"type":"validation-progress","epoch":2');
      const runs = [killedAfter('early', 3), killedAfter('between', 4), 'validating'];
      for (const run of runs) succeeded(cli('train', '--resume', run));
      // Once more, from before the records of the first resumption.
      rmSync(join(folder, 'early', 'checkpoints', 'last.safetensors'));
      succeeded(cli('train', '--resume', 'early'));
      const timeless = ({ scalars, start: _, experiment: __, end: ___, text: ____, ...rest }: Read) => ({
        ...rest,
        scalars: Object.fromEntries(Object.entries(scalars).filter(([tag]) => !tag.startsWith('speed/'))),
        speed: Object.fromEntries(
          Object.entries(scalars)
            .filter(([tag]) => tag.startsWith('speed/'))
            .map(([tag, values]) => [tag, values.map(([step]) => step)]),
        ),
      });
      const found = read(...runs);
      for (const [n, run] of found.entries()) {
        expect(timeless(run), runs[n]).toEqual(timeless(whole));
        expect(run.text.config).toHaveLength(1);
        expect(run.end.status).toBe('STATUS_SUCCESS');
      }
    });
  },
);
