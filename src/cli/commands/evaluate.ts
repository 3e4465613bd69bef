import Table from 'cli-table3';
import { Command } from 'commander';
import { z } from 'zod';
import { pickSourceOptions, sourceOptionsSchema } from '../../data/index.js';
import { type Evaluation, evaluate } from '../../evaluate/index.js';
import { labelRuleSchema } from '../../labels/index.js';
import { modelOptionsSchema } from '../../model/index.js';
import type { Interval } from '../../score/index.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { untilInterrupted } from '../untilInterrupted.js';

export const evaluateSchema = z.strictObject({
  data: z.string().min(1).describe('folder of scans (LUNA16, LIDC, pairs, nnU-Net raw), or a prepared store'),
  ...sourceOptionsSchema.shape,
  ...labelRuleSchema.pick({ labels: true, sphere: true, votes: true, mask: true }).shape,
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      'default or phantom-hu, which come along; a checkpoint of a run; or plain weights: .safetensors, .pt, .state',
    ),
  predictions: z
    .string()
    .min(1)
    .optional()
    .describe("instead of a model: folder of any program's masks or probabilities, each named like its scan"),
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
  part: z
    .enum(['train', 'validation', 'test'])
    .optional()
    .describe('part of the split to score; by default test, with --fold validation'),
  folds: z.int().min(2).optional().describe('divide the patients into so many folds, as in training; with --fold'),
  fold: z
    .int()
    .min(0)
    .optional()
    .describe("score what this fold validates on, from 0: of --folds, else of the data's own"),
  device: z.string().default('auto').describe('auto (CUDA where it works), cpu, cuda or cuda:N'),
  pictures: z.string().min(1).optional().describe('PNG to write: nodules with label and prediction'),
});

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('Score a model on whole scans, beside a rule without learning.')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr; the last one holds the figures');
  const given = addSchemaOptions(command, evaluateSchema);
  command.action(async ({ json = false }: { json?: boolean }) => {
    const { labels, sphere, votes, mask, ...options } = parseOptions('evaluate', evaluateSchema, given());
    const output = openOutput(json);
    await untilInterrupted(output, async (signal) => {
      const result = await evaluate({
        ...options,
        source: pickSourceOptions(options),
        labels: { labels, sphere, votes, mask },
        signal,
        onProgress: (progress) => {
          output.event({ type: 'progress', ...progress });
          output.progress.show({ ...progress, done: Math.round(10 * progress.done) / 10, unit: 'scans' });
        },
      });
      output.progress.clear();
      for (const line of lines(result)) output.print(line);
      output.event({ type: 'end', status: 'finished', ...result });
      if (result.unwritten === undefined) return;
      output.print(`error: ${result.unwritten}`);
      process.exitCode = 1;
    });
  });
  return command;
}

function lines(result: Evaluation): string[] {
  const { nodules, found, dice3d, falsePerScan, intervals, baseline, trainedOn, patients, withoutAgreement } = result;
  const range = (interval: Interval | null, digits = 2) =>
    interval === null ? '' : `${interval.low.toFixed(digits)} – ${interval.high.toFixed(digits)}`;
  const figure = (value: number | null, digits = 2) => (value === null ? '–' : value.toFixed(digits));
  const agreed = nodules - withoutAgreement;
  const table = new Table({ head: ['figure', 'value', '95 % interval'], style: { head: [], border: [] } });
  table.push(
    ['nodules found', `${found} of ${agreed}`, range(intervals.sensitivity)],
    ['false components per scan', figure(falsePerScan), range(intervals.falsePerScan)],
    ['3D Dice, mean', figure(dice3d.mean, 3), range(intervals.dice3d, 3)],
    ['3D Dice, median', figure(dice3d.median, 3), range(intervals.dice3dMedian, 3)],
    ['3D Dice, pooled', figure(dice3d.pooled, 3), range(intervals.dice3dPooled, 3)],
    ['missed', `${result.missed} of ${agreed}`, range(intervals.missed, 0)],
    ...(withoutAgreement === 0
      ? []
      : [
          [
            'without agreement, left empty',
            `${result.leftEmpty} of ${withoutAgreement}`,
            range(intervals.leftEmpty, 0),
          ],
          ['joint', figure(result.joint, 3), range(intervals.joint, 3)],
          ['joint of an empty prediction', figure(result.jointOfEmpty, 3), range(intervals.jointOfEmpty, 3)],
        ]),
    ['score that chooses checkpoints', figure(result.quality, 3), range(intervals.quality, 3)],
    ...(baseline === null
      ? []
      : [
          ['threshold rule: found', `${baseline.found} of ${agreed}`, range(intervals.baselineSensitivity)],
          ['threshold rule: false per scan', figure(baseline.falsePerScan), range(intervals.baselineFalsePerScan)],
        ]),
  );
  const warning =
    trainedOn !== null && trainedOn > 0
      ? [`Warning: the model was trained on ${trainedOn} of these ${patients} patients.`]
      : [];
  return [table.toString(), ...warning];
}
