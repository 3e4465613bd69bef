import { Command } from 'commander';
import { z } from 'zod';
import { pickSourceOptions, sourceOptionsSchema } from '../../data/index.js';
import { type FrocResult, froc } from '../../evaluate/index.js';
import { dataSchema, JSON_HELP, partSchema } from '../commonOptions.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { createTable, figure, labelled, plural } from '../text.js';
import { untilInterrupted } from '../untilInterrupted.js';

const { annotations: _, ...sourceShape } = sourceOptionsSchema.shape;

export const frocSchema = z.strictObject({
  marks: z.string().min(1).describe('CSV file of marks: seriesuid,coordX,coordY,coordZ,probability'),
  out: z.string().min(1).describe('folder for froc.json, froc.csv and froc.svg'),
  data: dataSchema.optional(),
  annotations: z
    .string()
    .min(1)
    .optional()
    .describe("list of nodules like LUNA16's annotations.csv, instead of --data"),
  excluded: z
    .string()
    .min(1)
    .optional()
    .describe('list of findings to ignore, like annotations_excluded.csv; with --annotations'),
  seriesuids: z.string().min(1).optional().describe('list of the scans, like seriesuids.csv; with --annotations'),
  ...sourceShape,
  ...partSchema.shape,
  maximumMarks: z
    .int()
    .min(0)
    .max(1e6)
    .default(100)
    .describe('marks per scan that count, the most probable ones; 0: all'),
  bootstraps: z.int().positive().max(1e6).default(1000).describe('bootstrap samples of the scans, for the intervals'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe('random seed of the bootstrap'),
});

export function frocCommand(): Command {
  const command = new Command('froc')
    .description(
      "Score a detector's marks by LUNA16's rule: sensitivity at 1/8 to 8 false positives per scan, and CPM.",
    )
    .option('--json', `${JSON_HELP}; the last one has the figures`);
  const given = addSchemaOptions(command, frocSchema);
  command.action(async ({ json = false }: { json?: boolean }) => {
    const options = parseOptions('froc', frocSchema, given());
    const { annotations, ...sources } = options;
    const output = openOutput(json);
    await untilInterrupted(output, async (signal) => {
      const result = await froc({
        ...options,
        source: pickSourceOptions(sources),
        signal,
        onProgress: (done, total) => {
          output.event({ type: 'progress', label: 'reading', done, total });
          output.progress.show({ label: 'reading', done, total, unit: 'scans' });
        },
      });
      output.progress.clear();
      for (const line of lines(result)) output.print(line);
      output.print(labelled('Results', `${options.out}/froc.json, froc.csv, froc.svg`));
      const { curve, band, best, ...figures } = result;
      output.event({ type: 'end', status: 'finished', out: options.out, ...figures });
    });
  });
  return command;
}

function lines({ scans, nodules, found, marks, marksElsewhere, sensitivities, ...rest }: FrocResult): string[] {
  const table = createTable(['false positives per scan', 'sensitivity', '95 % interval']);
  const row = (name: string, value: number | null, interval: FrocResult['cpmInterval']) =>
    table.push([
      name,
      figure(value),
      interval === null ? '' : `${interval.low.toFixed(3)} – ${interval.high.toFixed(3)}`,
    ]);
  for (const { falsePerScan, sensitivity, interval } of sensitivities)
    row(falsePerScan < 1 ? `1/${1 / falsePerScan}` : String(falsePerScan), sensitivity, interval);
  row('CPM (mean of the seven)', rest.cpm, rest.cpmInterval);
  const elsewhere = marksElsewhere === 0 ? '' : `; ${plural(marksElsewhere, 'mark')} on other scans ignored`;
  return [
    labelled('Scans', `${scans}, with ${plural(nodules, 'nodule')}, ${found} found`),
    labelled(
      'Marks',
      `${marks.total}: ${marks.onNodules} on nodules, ${marks.onExcluded} on excluded findings, ` +
        `${marks.falsePositives} false positives${elsewhere}`,
    ),
    table.toString(),
    ...rest.notes,
  ];
}
