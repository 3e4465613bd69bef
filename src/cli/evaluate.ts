import Table from 'cli-table3';
import { Command } from 'commander';
import { z } from 'zod';
import { sourceOptionsOf, sourceOptionsSchema } from '../data/index.js';
import { type Evaluation, evaluate } from '../evaluate/evaluate.js';
import { modelOptionsSchema } from '../evaluate/loadScanModel.js';
import type { Interval } from '../score/index.js';
import { openOutput } from './output.js';
import { parseOptions } from './parseOptions.js';
import { addSchemaOptions } from './schemaOptions.js';
import { stopOnInterrupt } from './stopOnInterrupt.js';

export const evaluateSchema = z.strictObject({
  data: z.string().min(1).describe('folder of scans (LUNA16, LIDC, pairs, nnU-Net raw), or a prepared store'),
  ...sourceOptionsSchema.shape,
  model: z.string().min(1).describe('checkpoint of a run, or plain weights: .safetensors, .pt, .state'),
  ...modelOptionsSchema.shape,
  threshold: z.number().gt(0).lt(1).optional().describe("probability above which a voxel counts; default the model's"),
  minimumVoxels: z.int().positive().optional().describe("smaller components are dropped; default the model's"),
  minimumScore: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("components of a lower mean probability are dropped; default the model's"),
  split: z.string().min(1).optional().describe("file of a split, as a run's split.json: score only one part of it"),
  part: z.enum(['train', 'validation', 'test']).default('test').describe('part of the split'),
  device: z.string().default('auto').describe('auto (CUDA where it works), cpu, cuda or cuda:N'),
  pictures: z.string().min(1).optional().describe('PNG to write: nodules with label and prediction'),
});

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('Score a model on whole scans, beside a rule without learning.')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr; the last one holds the figures');
  const given = addSchemaOptions(command, evaluateSchema);
  command.action(async ({ json = false }: { json?: boolean }) => {
    const options = parseOptions('evaluate', evaluateSchema, given());
    const output = openOutput(json);
    const interrupt = stopOnInterrupt(() => output.print('Stopping.'));
    try {
      const result = await evaluate({
        ...options,
        source: sourceOptionsOf(options),
        signal: interrupt.signal,
        onProgress: (progress) => {
          output.event({ type: 'progress', ...progress });
          output.progress.show({ ...progress, done: Math.round(10 * progress.done) / 10, unit: 'scans' });
        },
      });
      output.progress.clear();
      for (const line of lines(result)) output.print(line);
      output.event({ type: 'end', status: 'finished', ...result });
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      process.exitCode = 130;
      output.event({ type: 'end', status: 'stopped' });
    } finally {
      interrupt.release();
    }
  });
  return command;
}

function lines(result: Evaluation): string[] {
  const { nodules, found, dice3d, falsePerScan, intervals, baseline, trainedOn, patients } = result;
  const range = (interval: Interval | null) =>
    interval === null ? '' : `${interval.low.toFixed(2)} – ${interval.high.toFixed(2)}`;
  const figure = (value: number | null) => (value === null ? '–' : value.toFixed(2));
  const table = new Table({ head: ['figure', 'value', '95 % interval'], style: { head: [], border: [] } });
  table.push(
    ['nodules found', `${found} of ${nodules}`, range(intervals.sensitivity)],
    ['false components per scan', figure(falsePerScan), range(intervals.falsePerScan)],
    ['3D Dice, mean', figure(dice3d.mean), range(intervals.dice3d)],
    ['3D Dice, median', figure(dice3d.median), range(intervals.dice3dMedian)],
    ['3D Dice, pooled', figure(dice3d.pooled), range(intervals.dice3dPooled)],
    ...(result.withoutAgreement === 0
      ? []
      : [
          ['without agreement, left empty', `${result.leftEmpty} of ${result.withoutAgreement}`, ''],
          ['joint', figure(result.joint), range(intervals.joint)],
          ['joint of an empty prediction', figure(result.jointOfEmpty), ''],
        ]),
    ...(baseline === null
      ? []
      : [
          ['threshold rule: found', `${baseline.found} of ${nodules}`, range(intervals.baselineSensitivity)],
          ['threshold rule: false per scan', figure(baseline.falsePerScan), range(intervals.baselineFalsePerScan)],
        ]),
  );
  const warning =
    trainedOn > 0 ? [`Warning: the model was trained on ${trainedOn} of these ${patients} patients.`] : [];
  return [table.toString(), ...warning];
}
