import { Command } from 'commander';
import { readRunHistory } from '../../evaluate/index.js';
import { NoduleTrainError, shellWord } from '../../runtime/index.js';
import {
  assignedFields,
  compareRuns,
  mergeFields,
  readRecipe,
  recordedConfig,
  resumeTraining,
  runFolder,
  type TrainConfigInput,
  type TrainEvent,
  train,
  trainConfigSchema,
} from '../../train/index.js';
import { JSON_HELP } from '../commonOptions.js';
import { groupOptions } from '../optionGroups.js';
import { openOutput } from '../output.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { showReplay } from '../showReplay.js';
import { stopOnInterrupt } from '../stopOnInterrupt.js';
import { runSummary, trainView } from '../trainView.js';

export function trainCommand(): Command {
  const command = new Command('train')
    .description('Train a nodule segmentation model and validate it.')
    .option('--resume <run>', 'run folder to continue from its last checkpoint; no other option but --json')
    .option('--replay-step <step>', 'step to repeat and inspect, with --resume; writes its crops to a file')
    .option('--like <run>', 'run folder to repeat into --out and compare bit by bit; other options change it')
    .option('--config <file>', 'configuration as YAML or JSON; options on the command line override it')
    .option(
      '--set <field=value>',
      'one configuration field by its path, such as network.depth=4; overrides all else',
      collect,
    )
    .option('--json', JSON_HELP);
  const given = addSchemaOptions(command, trainConfigSchema);
  command.action(async ({ resume, like, config: recipe, set = [], replayStep: replayed, json = false }: Given) => {
    const fields = mergeFields(given(), assignedFields(set));
    if (resume !== undefined) {
      const others = [
        ...Object.keys(fields),
        ...(like === undefined ? [] : ['like']),
        ...(recipe === undefined ? [] : ['config']),
      ];
      if (others.length > 0)
        throw new NoduleTrainError(
          'bad-use',
          `\`train --resume ${shellWord(resume)}\` takes no other options, but found ${others.join(', ')}. ` +
            'Omit them, or start a new run with --data and --out.',
        );
      if (replayed === undefined) await printSummary(await followTraining({ resume }, json), json);
      else await showReplay(resume, replayed, json);
      return;
    }
    if (replayed !== undefined)
      throw new NoduleTrainError(
        'bad-use',
        `\`train --replay-step ${replayed}\`: expected --resume RUN, the run with that step`,
      );
    const { out: _, ...repeated } = like === undefined ? { out: '' } : recordedConfig(runFolder(like), 'repeating');
    const config = mergeFields(mergeFields(repeated, recipe === undefined ? {} : readRecipe(recipe)), fields);
    const end = await followTraining({ config: config as TrainConfigInput }, json);
    await printSummary(end, json);
    if (like !== undefined && end.status === 'finished') printComparison(end.run, like, json);
  });
  groupOptions(command);
  return command;
}

interface Given {
  resume?: string;
  like?: string;
  config?: string;
  set?: string[];
  replayStep?: string;
  json?: boolean;
}

const collect = (value: string, before: string[] = []): string[] => [...before, value];

function printComparison(run: string, like: string, json: boolean): void {
  const { same, sha256, firstDifference } = compareRuns(run, like);
  openOutput(json).print(
    same
      ? `Bit-identical to ${like}: weights and optimizer have SHA-256 ${sha256[0]}.`
      : `Not bit-identical to ${like}. First difference: ${firstDifference}.`,
  );
  if (!same) process.exitCode = 1;
}

/** Prints the summary of a finished run. */
async function printSummary(end: TrainEvent & { type: 'end' }, json: boolean): Promise<void> {
  if (end.status !== 'finished') return;
  const output = openOutput(json);
  const history = await readRunHistory(runFolder(end.run).events);
  for (const line of runSummary(history, end, output.width())) output.print(line);
}

/**
 * Runs or resumes training and shows its events. Ctrl-C saves and stops; a second Ctrl-C ends the process at once.
 * @throws NoduleTrainError the errors of training
 */
export async function followTraining(
  what: { config: TrainConfigInput } | { resume: string },
  json: boolean,
): Promise<TrainEvent & { type: 'end' }> {
  const output = openOutput(json);
  const interrupt = stopOnInterrupt(() =>
    output.print('Stopping after this step. Press Ctrl-C again to stop at once.'),
  );
  const show = trainView(output);
  let end: (TrainEvent & { type: 'end' }) | undefined;
  try {
    const events =
      'resume' in what
        ? resumeTraining(what.resume, { signal: interrupt.signal })
        : train(what.config, { signal: interrupt.signal });
    for await (const event of events) {
      output.event(event);
      show(event);
      if (event.type === 'end') end = event;
    }
  } finally {
    interrupt.release();
    output.progress.clear();
  }
  if (end === undefined) throw new NoduleTrainError('train-ended', 'training: the worker ended without its last event');
  if (end.status === 'stopped') process.exitCode = 130;
  return end;
}
