import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { z } from 'zod';
import { prepare } from '../../data/index.js';
import { type Evaluation, evaluate, writeReport } from '../../evaluate/index.js';
import { writePhantoms } from '../../phantom/index.js';
import { checkOutputFolder, NoduleTrainError, replaceJson } from '../../runtime/index.js';
import type { Interval } from '../../score/index.js';
import { runFolder } from '../../train/index.js';
import { openOutput } from '../output.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { followTraining } from './train.js';

const count = () => z.int().positive();

/** Sizes are chosen so that two cores are done in five minutes. */
export const demoSchema = z.strictObject({
  out: z.string().min(1).default('runs/demo').describe('folder of the run; a former demo there is replaced'),
  seed: z.int().min(0).default(1).describe('of phantoms and training'),
  trainScans: count().default(48).describe('phantoms to train on and to choose model and operating point'),
  testScans: count().default(14).describe('phantoms that are only scored'),
  epochs: count().default(6).describe('epochs to train'),
  samples: count().default(3072).describe('crops per epoch'),
  threads: z.int().min(0).default(0).describe('CPU threads of the arithmetic; 0: all cores'),
  device: z.string().default('auto').describe('auto (CUDA where it works), cpu, cuda or cuda:N'),
});

type DemoOptions = z.output<typeof demoSchema>;

const MARK = 'demo.json';

/** Each takes seconds. */
const VALIDATION_SCANS = 5;

export function demoCommand(): Command {
  const command = new Command('demo')
    .description('The whole road on phantoms made on the spot: synth, prepare, train, evaluate, report.')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr');
  const given = addSchemaOptions(command, demoSchema);
  command.action(async ({ json = false }: { json?: boolean }) => runDemo(demoSchema.parse(given()), json));
  return command;
}

async function runDemo(options: DemoOptions, json: boolean): Promise<void> {
  const started = performance.now();
  const output = openOutput(json);
  const run = runFolder(options.out);
  const scans = `${options.out}-scans`;
  for (const folder of [options.out, scans]) checkOutputFolder('making the demo', '--out', folder);
  await clearFormerDemo(options.out, scans);
  const [known, store, heldOut] = [join(scans, 'train'), join(scans, 'train-store'), join(scans, 'test')];

  output.print(`1  Phantoms: ${options.trainScans} to train on, ${options.testScans} held out`);
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

  output.print('2  Preparing');
  await prepare({ data: known, out: store }, ({ done, scans: total }) =>
    output.progress.show({ label: `ground truth in ${store}`, done, total, unit: 'scans' }),
  );
  output.progress.clear();

  output.print('3  Training');
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
        // In a few minutes a surer loss and larger steps come further than the defaults of a long run (docs/records/short-runs.md).
        loss: 'dice-ce',
        learningRate: 3e-3,
      },
    },
    json,
  );
  if (end.status === 'stopped') return;

  output.print('4  Scoring the held-out scans');
  const result = await evaluate({
    data: heldOut,
    model: run.best,
    chooseOn: { data: store, split: run.split, part: 'validation' },
    // One less than the four that are wanted: on other scans it is never quite the same.
    maxFalsePerScan: 3,
    device: options.device,
    pictures: join(options.out, 'nodules.png'),
    onProgress: (progress) => output.progress.show(progress),
  });
  output.progress.clear();
  await replaceJson(join(options.out, 'score.json'), result);
  await replaceJson(join(options.out, MARK), options);
  output.event({ type: 'score', ...result });

  output.print('5  Report');
  const { threshold, minimumVoxels, minimumScore } = result.operatingPoint;
  await writeReport(options.out, {
    ...{ threshold, minimumVoxels, minimumScore },
    scans: VALIDATION_SCANS,
    device: options.device,
    onProgress: (progress) => output.progress.show(progress),
  });
  output.progress.clear();
  for (const line of report(result, options.out, heldOut, (performance.now() - started) / 1000)) output.print(line);
}

/** A former demo is replaced; a folder that holds anything else is left alone. */
async function clearFormerDemo(run: string, scans: string): Promise<void> {
  for (const folder of [run, scans]) {
    if (!existsSync(folder)) continue;
    if (!existsSync(join(folder, MARK)))
      throw new NoduleTrainError(
        'demo-folder',
        `making room for the demo: ${folder} is there and was not made by a demo (it has no ${MARK}); give another folder with --out, or remove it`,
      );
    await rm(folder, { recursive: true });
  }
  await mkdir(scans, { recursive: true });
  await writeFile(join(scans, MARK), '{}\n');
}

const percent = (share: number | null) => (share === null ? '–' : `${(100 * share).toFixed(0)} %`);
const range = (interval: Interval | null, show: (value: number) => string) =>
  interval === null ? '' : ` (${show(interval.low)} to ${show(interval.high)})`;

function report(result: Evaluation, out: string, scans: string, seconds: number): string[] {
  const { nodules, found, sensitivity, falsePerScan, dice3d, baseline, intervals } = result;
  const { threshold, minimumVoxels, minimumScore } = result.operatingPoint;
  const share = (value: number) => percent(value);
  const one = (value: number) => value.toFixed(1);
  const two = (value: number) => value.toFixed(2);
  const table = new Table({
    head: [`${nodules} nodules in ${result.scans} scans`, 'found', 'false per scan', '3D Dice'],
    style: { head: [], border: [] },
  });
  table.push([
    'this model',
    `${found} = ${percent(sensitivity)}${range(intervals.sensitivity, share)}`,
    `${one(falsePerScan)}${range(intervals.falsePerScan, one)}`,
    `${dice3d.mean === null ? '–' : two(dice3d.mean)}${range(intervals.dice3d, two)}`,
  ]);
  if (baseline !== null)
    table.push([
      'threshold and size, no learning',
      `${baseline.found} = ${percent(baseline.sensitivity)}${range(intervals.baselineSensitivity, share)}`,
      `${one(baseline.falsePerScan)}${range(intervals.baselineFalsePerScan, one)}`,
      '–',
    ]);
  return [
    '',
    table.toString(),
    'In brackets 95 % intervals over patients. The threshold rule chose its best cut and sizes on these very scans.',
    `Operating point, chosen on validation scans: probability above ${threshold}, at least ${minimumVoxels} voxels, mean probability from ${minimumScore}.`,
    `Done in ${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s.`,
    '',
    `Report     ${join(out, 'report.html')}  (curves, best and worst nodules, calibration: open it in a browser)`,
    `Pictures   ${join(out, 'nodules.png')}  (yellow: label and model agree, green: missed, red: false)`,
    `Figures    ${join(out, 'score.json')}`,
    `Model      ${runFolder(out).best}`,
    `Further    npx nodule-train evaluate --data ${scans} --model ${runFolder(out).best} \\`,
    `             --threshold ${threshold} --minimum-voxels ${minimumVoxels} --minimum-score ${minimumScore}`,
  ];
}
