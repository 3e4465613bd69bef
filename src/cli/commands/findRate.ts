import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { refuseExisting } from '../../ct/index.js';
import { checkOutputFolder, saveResult } from '../../runtime/index.js';
import {
  findLearningRate,
  mergeFields,
  type RateFinding,
  ratePlot,
  readRecipe,
  type TrainConfigInput,
  trainConfigSchema,
} from '../../train/index.js';
import { JSON_HELP } from '../commonOptions.js';
import { groupOptions } from '../optionGroups.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { labelled } from '../text.js';
import { untilInterrupted } from '../untilInterrupted.js';

const sweepSchema = z.object({
  from: z.number().positive().max(1e6).default(1e-6).describe('learning rate of the first step'),
  to: z.number().positive().max(1e6).default(1).describe('learning rate of the last step'),
  steps: z.int().min(20).max(1e6).default(120).describe('steps of the test; it stops early if the loss diverges'),
});

export function findRateCommand(): Command {
  const command = new Command('findrate')
    .description(
      'Find a learning rate with a range test: train while the rate rises step by step, and plot the loss over it. ' +
        'Takes the options of train.',
    )
    .option('--config <file>', 'configuration as YAML or JSON; options on the command line override it')
    .option('--json', JSON_HELP);
  const swept = addSchemaOptions(command, sweepSchema);
  const given = addSchemaOptions(
    command,
    trainConfigSchema.extend({
      out: trainConfigSchema.shape.out.describe('new folder for learning-rate.csv and learning-rate.svg'),
    }),
  );
  command.action(async ({ config: recipe, json = false }: { config?: string; json?: boolean }) => {
    const sweep = parseOptions('findrate', sweepSchema, swept());
    const config = mergeFields(recipe === undefined ? {} : readRecipe(recipe), given()) as TrainConfigInput;
    const output = openOutput(json);
    if (config.out !== undefined) {
      checkOutputFolder('finding a learning rate', '--out', config.out);
      await refuseExisting('finding a learning rate', config.out);
    }
    await untilInterrupted(output, async (signal) => {
      const found = await findLearningRate(config, sweep, {
        signal,
        note: (text) => {
          output.print(text);
          output.event({ type: 'note', text });
        },
        onStep: (done, total, rate, smoothed) => {
          output.event({ type: 'step', step: done, of: total, learningRate: rate, smoothed });
          output.progress.show({
            label: 'learning rate',
            done,
            total,
            unit: 'steps',
            note: `${rate.toExponential(1)}  loss ${smoothed.toFixed(3)}`,
          });
        },
      });
      output.progress.clear();
      output.print(
        found.suggested === null
          ? `The loss was still falling at ${sweep.to}, so no rate can be suggested. Try a higher --to.`
          : labelled('Suggested', `--learning-rate ${found.suggested}`),
      );
      const files = write(config.out, found);
      if (found.suggested !== null)
        output.print(labelled('', `a tenth of ${found.least.toPrecision(2)}, where the smoothed loss is lowest`));
      output.print(labelled('Table', files.csv));
      output.print(labelled('Plot', files.svg));
      const { least, suggested, diverged } = found;
      output.event({ type: 'end', status: 'finished', least, suggested, diverged, ...files });
    });
  });
  groupOptions(command);
  return command;
}

function write(folder: string, found: RateFinding): { csv: string; svg: string } {
  mkdirSync(folder, { recursive: true });
  const files = { csv: join(folder, 'learning-rate.csv'), svg: join(folder, 'learning-rate.svg') };
  const rows = found.rates.map((rate, i) => [i + 1, rate, found.losses[i], found.smoothed[i]].join(','));
  saveResult(files.csv, `step,learning_rate,loss,smoothed_loss\n${rows.join('\n')}\n`);
  saveResult(files.svg, ratePlot(found));
  return files;
}
