import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { prepare } from '../../data/index.js';
import { type Evaluation, evaluate, writeReport } from '../../evaluate/index.js';
import { writePhantoms } from '../../phantom/index.js';
import { checkOutputFolder, NoduleTrainError, replaceJson, shellWord } from '../../runtime/index.js';
import type { Interval } from '../../score/index.js';
import { runFolder } from '../../train/index.js';
import { deviceSchema, JSON_HELP } from '../commonOptions.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { clock, scanProgress } from '../progress.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { createTable, figure, labelled } from '../text.js';
import { followTraining } from './train.js';

const count = (most: number) => z.int().positive().max(most);

/** The default sizes take two cores about five minutes. */
export const demoSchema = z.strictObject({
  out: z.string().min(1).default('runs/demo').describe('run folder; an earlier demo there is replaced'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe('random seed of phantoms and training'),
  trainScans: count(1e5).default(48).describe('phantoms for training and validation'),
  testScans: count(1e5).default(14).describe('held-out phantoms to score'),
  epochs: count(1e6).default(6).describe('epochs to train'),
  samples: count(1e7).default(3072).describe('crops per epoch'),
  threads: z.int().min(0).max(1024).default(0).describe('CPU threads; 0: all cores'),
  device: deviceSchema,
});

type DemoOptions = z.output<typeof demoSchema>;

/** Marks the folders of a demo, which the next demo may replace. */
const MARK = 'demo.json';

/** Few, because each takes seconds. */
const VALIDATION_SCANS = 5;

export function demoCommand(): Command {
  const command = new Command('demo')
    .description('Run every step on synthetic scans: synth, prepare, train, evaluate, report.')
    .option('--json', JSON_HELP);
  const given = addSchemaOptions(command, demoSchema);
  command.action(async ({ json = false }: { json?: boolean }) =>
    runDemo(parseOptions('demo', demoSchema, given()), json),
  );
  return command;
}

async function runDemo(options: DemoOptions, json: boolean): Promise<void> {
  const started = performance.now();
  const output = openOutput(json);
  const run = runFolder(options.out);
  const scans = `${options.out}-scans`;
  for (const folder of [options.out, scans]) checkOutputFolder('making the demo', '--out', folder);
  await clearEarlierDemo(options.out, scans);
  const [known, store, heldOut] = [join(scans, 'train'), join(scans, 'train-store'), join(scans, 'test')];

  output.print(`1/5  Phantoms: ${options.trainScans} for training, ${options.testScans} held out`);
  const phantoms = { level: 'standard' as const };
  for (const [folder, scanCount, seed] of [
    [known, options.trainScans, options.seed],
    [heldOut, options.testScans, options.seed + 1_000_000],
  ] as const) {
    await writePhantoms(folder, { ...phantoms, count: scanCount, seed }, (done) =>
      output.progress.show({ label: `phantoms in ${folder}`, done, total: scanCount }),
    );
  }
  output.progress.clear();

  output.print('2/5  Preparing');
  await prepare({ data: known, out: store }, ({ done, scans: total }) =>
    output.progress.show({ label: `ground truth in ${store}`, done, total, unit: 'scans' }),
  );
  output.progress.clear();

  output.print('3/5  Training');
  const end = await followTraining(
    {
      config: {
        data: store,
        out: options.out,
        epochs: options.epochs,
        samples: options.samples,
        seed: options.seed,
        threads: options.threads,
        device: options.device,
        validationShare: 0.2,
        validationScans: VALIDATION_SCANS,
        validateEvery: 3,
        // For a few minutes this loss and learning rate do better than the defaults, which are for long runs
        // (docs/records/short-runs.md).
        loss: 'dice-ce',
        learningRate: 3e-3,
      },
    },
    json,
  );
  if (end.status === 'stopped') return;

  output.print('4/5  Scoring the held-out scans');
  const result = await evaluate({
    data: heldOut,
    model: run.best,
    chooseOn: { data: store, split: run.split, part: 'validation' },
    // The aim is four. On other scans the rate differs, so this leaves a margin.
    maxFalsePerScan: 3,
    device: options.device,
    pictures: join(options.out, 'nodules.png'),
    onProgress: (progress) => output.progress.show(scanProgress(progress)),
  });
  output.progress.clear();
  await replaceJson(join(options.out, 'score.json'), result);
  await replaceJson(join(options.out, MARK), options);
  output.event({ type: 'score', ...result });

  output.print('5/5  Report');
  const { threshold, minimumVoxels, minimumScore } = result.operatingPoint;
  await writeReport(options.out, {
    threshold,
    minimumVoxels,
    minimumScore,
    scans: VALIDATION_SCANS,
    device: options.device,
    onProgress: (progress) => output.progress.show(scanProgress(progress)),
  });
  output.progress.clear();
  for (const line of resultLines(result, options.out, heldOut, (performance.now() - started) / 1000))
    output.print(line);
}

/**
 * Removes an earlier demo.
 * @throws NoduleTrainError `demo-folder` if one of the folders is not from a demo
 */
async function clearEarlierDemo(run: string, scans: string): Promise<void> {
  for (const folder of [run, scans]) {
    if (!existsSync(folder)) continue;
    if (!existsSync(join(folder, MARK)))
      throw new NoduleTrainError(
        'demo-folder',
        `making room for the demo: found ${folder} without ${MARK}, so it is not from a demo. ` +
          `Give another folder with --out, or remove ${folder}.`,
      );
    await rm(folder, { recursive: true });
  }
  await mkdir(scans, { recursive: true });
  await writeFile(join(scans, MARK), '{}\n');
}

const percent = (share: number | null) => (share === null ? '–' : `${(100 * share).toFixed(0)} %`);
const range = (interval: Interval | null, show: (value: number) => string) =>
  interval === null ? '' : ` (${show(interval.low)} to ${show(interval.high)})`;

function resultLines(result: Evaluation, out: string, scans: string, seconds: number): string[] {
  const { nodules, found, sensitivity, falsePerScan, dice3d, baseline, intervals } = result;
  const { threshold, minimumVoxels, minimumScore } = result.operatingPoint;
  const share = (value: number) => percent(value);
  const one = (value: number) => figure(value, 1);
  const two = (value: number) => figure(value, 2);
  const table = createTable([`${nodules} nodules in ${result.scans} scans`, 'found', 'false per scan', '3D Dice']);
  table.push([
    'this model',
    `${found} = ${percent(sensitivity)}${range(intervals.sensitivity, share)}`,
    `${one(falsePerScan)}${range(intervals.falsePerScan, one)}`,
    `${figure(dice3d.mean, 2)}${range(intervals.dice3d, two)}`,
  ]);
  if (baseline !== null)
    table.push([
      'threshold rule',
      `${baseline.found} = ${percent(baseline.sensitivity)}${range(intervals.baselineSensitivity, share)}`,
      `${one(baseline.falsePerScan)}${range(intervals.baselineFalsePerScan, one)}`,
      '–',
    ]);
  return [
    '',
    table.toString(),
    'In parentheses: 95 % intervals over patients. The threshold rule was tuned on these same scans.',
    'Operating point, chosen on the validation scans:',
    `  probability above ${threshold}, at least ${minimumVoxels} voxels, mean probability at least ${minimumScore}`,
    '',
    labelled('Time', clock(seconds)),
    labelled('Report', `${join(out, 'report.html')}  (curves, best and worst nodules; open it in a browser)`),
    labelled('Pictures', `${join(out, 'nodules.png')}  (yellow: found, green: missed, red: false)`),
    labelled('Scores', join(out, 'score.json')),
    labelled('Model', runFolder(out).best),
    labelled(
      'Next',
      `npx nodule-train evaluate --data ${shellWord(scans)} --model ${shellWord(runFolder(out).best)} \\`,
    ),
    labelled('', `  --threshold ${threshold} --minimum-voxels ${minimumVoxels} --minimum-score ${minimumScore}`),
  ];
}
