import { Command } from 'commander';
import { z } from 'zod';
import { pickSourceOptions, sourceOptionsSchema } from '../../data/index.js';
import { type Evaluation, evaluate, type MeanFigure, type NoduleGroup } from '../../evaluate/index.js';
import { labelRuleSchema, labelsEvent } from '../../labels/index.js';
import { modelOptionsSchema, scanOptionsSchema } from '../../model/index.js';
import { type Interval, operatingPointSchema, scoreCompatSchema } from '../../score/index.js';
import { dataSchema, deviceSchema, JSON_HELP, partSchema } from '../commonOptions.js';
import { labelLines, lostLabelsList } from '../labelLines.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { scanProgress } from '../progress.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { createTable, figure } from '../text.js';
import { untilInterrupted } from '../untilInterrupted.js';

export const evaluateSchema = z.strictObject({
  data: dataSchema,
  ...sourceOptionsSchema.shape,
  ...labelRuleSchema.pick({ labels: true, sphere: true, votes: true, mask: true }).shape,
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      'bundled model (default or phantom-hu), checkpoint of a run, or plain weights (.safetensors, .pt, .state)',
    ),
  predictions: z
    .string()
    .min(1)
    .optional()
    .describe('folder of masks or probabilities to score instead of a model, each named like its scan'),
  predictionLabel: z
    .string()
    .min(1)
    .optional()
    .describe(
      "value of nodules in predicted masks, such as 2 or 2,3, or any for all except 0; default: the label's value in " +
        'data with several labels, else any',
    ),
  ...modelOptionsSchema.shape,
  ...scanOptionsSchema.shape,
  ...operatingPointSchema.shape,
  ...partSchema.shape,
  device: deviceSchema,
  pictures: z.string().min(1).optional().describe('PNG file to write: nodules with label and prediction'),
  nodulesCsv: z.string().min(1).optional().describe('CSV file to write: one line per true nodule'),
  lostLabelsCsv: z
    .string()
    .min(1)
    .optional()
    .describe('CSV file to write: one line per annotation that is not used, with the reason'),
  compat: scoreCompatSchema.prefault({}),
});

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('Score a model on whole scans, next to a threshold rule without learning.')
    .option('--json', `${JSON_HELP}; the last one has the figures`);
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
          output.progress.show(scanProgress(progress));
        },
      });
      output.progress.clear();
      const { labels: account, ...figures } = result;
      const labelled = labelsEvent(account, lostLabelsList(options.lostLabelsCsv, options.data));
      output.event(labelled);
      for (const line of [...labelLines(labelled), ...lines(result)]) output.print(line);
      for (const note of result.notes) output.print(`Note: ${note}`);
      const { cases: _, ...counts } = account;
      output.event({ type: 'end', status: 'finished', ...figures, labels: counts });
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
  const agreed = nodules - withoutAgreement;
  const share = (count: number) => `${count} of ${agreed}${agreed === 0 ? '' : ` (${figure(count / agreed, 2)})`}`;
  const table = createTable(['figure', 'value', '95 % interval']);
  table.push(
    ['nodules found', share(found), range(intervals.sensitivity)],
    ['false components per scan', figure(falsePerScan, 2), range(intervals.falsePerScan)],
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
    ...measureRows(result),
    ['score that chooses checkpoints', figure(result.quality, 3), range(intervals.quality, 3)],
    ...(baseline === null
      ? []
      : [
          ['threshold rule: found', share(baseline.found), range(intervals.baselineSensitivity)],
          ['threshold rule: false per scan', figure(baseline.falsePerScan, 2), range(intervals.baselineFalsePerScan)],
        ]),
  );
  const warning =
    trainedOn !== null && trainedOn > 0
      ? [`Warning: the model was trained on ${trainedOn} of these ${patients} patients.`]
      : [];
  return [table.toString(), ...groupTable(result), ...warning];
}

/** Mean errors of the nodules with agreement, and where their candidates rank. */
function measureRows({ noduleFigures, candidatesPerScan }: Evaluation): string[][] {
  const { nodules, means, medianRank, worstRank } = noduleFigures;
  const row = (name: string, { mean, interval }: MeanFigure, digits: number, scale = 1) => [
    name,
    figure(mean === null ? null : mean * scale, digits),
    interval === null ? '' : `${(interval.low * scale).toFixed(digits)} – ${(interval.high * scale).toFixed(digits)}`,
  ];
  const ranks: string[][] = [
    ['candidates per scan', figure(candidatesPerScan, 1), ''],
    ['rank of a nodule, median', figure(medianRank, 1), worstRank === null ? '' : `up to ${worstRank}`],
  ];
  if (nodules === 0) return ranks;
  return [
    row('IoU, mean', means.iou, 3),
    row('surface Dice at 1 mm, mean', means.surfaceDice1mm, 3),
    row('HD95 in mm, mean of those predicted', means.hd95PredictedMm, 2),
    row('volume error in %, mean', means.volumeErrorShare, 1, 100),
    row('absolute volume error in %, mean', means.absVolumeErrorShare, 1, 100),
    row('absolute long axis error in mm, mean', means.absLongAxisErrorMm, 2),
    row('absolute short axis error in mm, mean', means.absShortAxisErrorMm, 2),
    ...ranks,
  ];
}

/** Table by size class and texture; empty classes are left out. */
function groupTable({ noduleFigures: { bySize, byTexture } }: Evaluation): string[] {
  const groups = [
    ...bySize.map((group) => ({ ...group, name: group.name.replace(/\d(?=\D*$)/, '$& mm') })),
    ...byTexture.map((group) => ({ ...group, name: group.name as string })),
  ].filter(({ nodules }) => nodules > 0);
  if (groups.length === 0) return [];
  const table = createTable(['nodules', 'found', '3D Dice', 'IoU', 'surface Dice', 'HD95', 'long axis', 'short axis']);
  const line = ({ name, nodules, found, means }: { name: string } & NoduleGroup) => [
    name,
    `${found} of ${nodules}`,
    ...[means.dice, means.iou, means.surfaceDice1mm].map(({ mean }) => figure(mean, 3)),
    ...[means.hd95PredictedMm, means.absLongAxisErrorMm, means.absShortAxisErrorMm].map(({ mean }) => figure(mean, 2)),
  ];
  table.push(...groups.map(line));
  return [table.toString()];
}
