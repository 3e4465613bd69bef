import { Command } from 'commander';
import { z } from 'zod';
import { refuseExisting } from '../../ct/index.js';
import { pickSourceOptions, sourceOptionsSchema } from '../../data/index.js';
import { type FalsePositive, mineFalsePositives } from '../../evaluate/index.js';
import { modelOptionsSchema } from '../../model/index.js';
import { checkOutputFile, NoduleTrainError, saveResult, shellWord } from '../../runtime/index.js';
import { operatingPointSchema } from '../../score/index.js';
import { recordedConfig, runFolder } from '../../train/index.js';
import { dataSchema, deviceSchema, JSON_HELP } from '../commonOptions.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { scanProgress } from '../progress.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { labelled, plural } from '../text.js';
import { untilInterrupted } from '../untilInterrupted.js';

const mineSchema = z.strictObject({
  run: z.string().min(1).optional().describe('run folder; its best model, data and split are the defaults'),
  data: dataSchema.optional(),
  ...sourceOptionsSchema.shape,
  model: z.string().min(1).optional().describe('checkpoint of a run, or plain weights (.safetensors, .pt, .state)'),
  ...modelOptionsSchema.shape,
  split: z.string().min(1).optional().describe("split file, such as a run's split.json; only its part `train` is used"),
  out: z.string().min(1).describe('JSON file to write, for train --hard-points'),
  mostPerScan: z.int().positive().max(1e6).default(16).describe('most confident false components to keep per scan'),
  ...operatingPointSchema.pick({ threshold: true, minimumVoxels: true }).shape,
  device: deviceSchema,
});

export function mineCommand(): Command {
  const command = new Command('mine')
    .description(
      "Find a model's false positives on its training scans, to train on as hard negatives (train --hard-points).",
    )
    .option('--json', JSON_HELP);
  const given = addSchemaOptions(command, mineSchema);
  command.action(async ({ json = false }: { json?: boolean }) => {
    const options = parseOptions('mine', mineSchema, given());
    const { data, model, split, source } = whatToMine(options);
    await refuseExisting('mining false positives', options.out);
    checkOutputFile('mining false positives', '--out', options.out);
    const output = openOutput(json);
    if (split === undefined) output.print('No split was given, so all scans of the folder count as training scans.');
    await untilInterrupted(output, async (signal) => {
      const { threshold, minimumVoxels, pooling, input, mostPerScan, device, out } = options;
      const mined = await mineFalsePositives({
        data,
        model,
        pooling,
        input,
        source,
        mostPerScan,
        device,
        ...(split !== undefined && { split }),
        ...(threshold !== undefined && { threshold }),
        ...(minimumVoxels !== undefined && { minimumVoxels }),
        signal,
        onProgress: (done, total, found) => {
          output.event({ type: 'progress', label: 'mine', done, total });
          output.progress.show(scanProgress({ label: 'mine', done, total, note: `${found} found` }));
        },
      });
      output.progress.clear();
      saveResult(out, hardPointsJson(mined));
      const points = [...mined.values()].reduce((sum, list) => sum + list.length, 0);
      output.print(labelled('Points', `${out}  (${points} in ${plural(mined.size, 'scan')})`));
      output.print(labelled('Next', `npx nodule-train train … --hard-points ${shellWord(out)}`));
      output.event({ type: 'end', status: 'finished', out, scans: mined.size, points });
    });
  });
  return command;
}

/** @throws NoduleTrainError `bad-use` without a run, or data and a model */
function whatToMine(options: z.output<typeof mineSchema>) {
  const source = pickSourceOptions(options);
  if (options.run === undefined) {
    const { data, model, split } = options;
    if (data === undefined || model === undefined)
      throw new NoduleTrainError(
        'bad-use',
        '`mine`: found neither --run nor both --data and --model, expected --run RUN, or --data DIR with --model FILE',
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

/** Formats points for `readHardPoints`, in mm rounded to three decimals. */
function hardPointsJson(mined: ReadonlyMap<string, readonly FalsePositive[]>): string {
  const rows = [...mined].map(([uid, list]) => {
    const points = list.map(({ center }) => [...center].map((mm) => Number(mm.toFixed(3))));
    return `  ${JSON.stringify(uid)}: ${JSON.stringify(points)}`;
  });
  return `{\n${rows.join(',\n')}\n}\n`;
}
