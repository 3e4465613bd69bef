import { Command } from 'commander';
import { z } from 'zod';
import { refuseExisting } from '../../ct/index.js';
import { pickSourceOptions, sourceOptionsSchema } from '../../data/index.js';
import { type FalsePositive, mineFalsePositives } from '../../evaluate/index.js';
import { modelOptionsSchema } from '../../model/index.js';
import { checkOutputFile, NoduleTrainError, saveResult } from '../../runtime/index.js';
import { recordedConfig, runFolder } from '../../train/index.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { untilInterrupted } from '../untilInterrupted.js';

const mineSchema = z.strictObject({
  run: z.string().min(1).optional().describe('run whose best model, data and split are taken where they are not given'),
  data: z.string().min(1).optional().describe('folder of scans, or a prepared store'),
  ...sourceOptionsSchema.shape,
  model: z.string().min(1).optional().describe('checkpoint of a run, or plain weights: .safetensors, .pt, .state'),
  ...modelOptionsSchema.shape,
  split: z
    .string()
    .min(1)
    .optional()
    .describe("file of a split, as a run's split.json; only its part `train` is taken"),
  out: z.string().min(1).describe('JSON file to write, for the option hardPoints of train'),
  mostPerScan: z.int().positive().default(16).describe('surest false components that are kept of each scan'),
  threshold: z.number().gt(0).lt(1).optional().describe("probability above which a voxel counts; default the model's"),
  minimumVoxels: z.int().positive().optional().describe("smaller components are passed over; default the model's"),
  device: z.string().default('auto').describe('auto (CUDA where it works), cpu, cuda or cuda:N'),
});

export function mineCommand(): Command {
  const command = new Command('mine')
    .description(
      "Write down a model's false positives on its training scans, to be taught as no nodule (train --hard-points).",
    )
    .option('--json', 'events as JSON lines on stdout, everything else on stderr');
  const given = addSchemaOptions(command, mineSchema);
  command.action(async ({ json = false }: { json?: boolean }) => {
    const options = parseOptions('mine', mineSchema, given());
    const { data, model, split, source } = whatToMine(options);
    await refuseExisting('mining false positives', options.out);
    checkOutputFile('mining false positives', '--out', options.out);
    const output = openOutput(json);
    if (split === undefined)
      output.print('No split was given, so all scans of the folder are taken for training scans.');
    await untilInterrupted(output, async (signal) => {
      const { threshold, minimumVoxels, pooling, input, mostPerScan, device, out } = options;
      const mined = await mineFalsePositives({
        ...{ data, model, pooling, input, source, mostPerScan, device },
        ...(split !== undefined && { split }),
        ...(threshold !== undefined && { threshold }),
        ...(minimumVoxels !== undefined && { minimumVoxels }),
        signal,
        onProgress: (done, total, found) => {
          output.event({ type: 'progress', label: 'mine', done, total });
          output.progress.show({
            label: 'mine',
            done: Math.round(10 * done) / 10,
            ...{ total, unit: 'scans' },
            note: `${found} found`,
          });
        },
      });
      output.progress.clear();
      saveResult(out, hardPointsJson(mined));
      const points = [...mined.values()].reduce((sum, list) => sum + list.length, 0);
      output.print(
        `${out}: ${points} places in ${mined.size} scans. Teach them with: npx nodule-train train … --hard-points ${out}`,
      );
      output.event({ type: 'end', status: 'finished', out, scans: mined.size, points });
    });
  });
  return command;
}

function whatToMine(options: z.output<typeof mineSchema>) {
  const source = pickSourceOptions(options);
  if (options.run === undefined) {
    const { data, model, split } = options;
    if (data === undefined || model === undefined)
      throw new NoduleTrainError(
        'bad-use',
        '`mine`: wanted is --run RUN, or --data DIR with --model FILE and --split FILE',
      );
    return { data, model, split, source };
  }
  const folder = runFolder(options.run);
  const config = recordedConfig(folder, 'mining');
  return {
    data: options.data ?? config.data,
    model: options.model ?? folder.best,
    split: options.split ?? folder.split,
    source: options.data === undefined ? pickSourceOptions(config) : source,
  };
}

/** As `readHardPoints` reads it: millimetres to a thousandth. */
function hardPointsJson(mined: ReadonlyMap<string, readonly FalsePositive[]>): string {
  const rows = [...mined].map(([uid, list]) => {
    const points = list.map(({ center }) => [...center].map((mm) => Number(mm.toFixed(3))));
    return `  ${JSON.stringify(uid)}: ${JSON.stringify(points)}`;
  });
  return `{\n${rows.join(',\n')}\n}\n`;
}
