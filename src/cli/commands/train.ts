import { Command } from 'commander';
import { readRunHistory } from '../../evaluate/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
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
import { openOutput } from '../output.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { showReplay } from '../showReplay.js';
import { stopOnInterrupt } from '../stopOnInterrupt.js';
import { runSummary, trainView } from '../trainView.js';

export function trainCommand(): Command {
  const command = new Command('train')
    .description('Train a nodule segmenter and validate it.')
    .option('--resume <run>', 'go on with a run from its last checkpoint; takes no other option but --json')
    .option('--replay-step <step>', 'with --resume: do one step again, look at it and write down what it was given')
    .option('--like <run>', 'repeat a run into --out and say whether the bits agree; other options change it')
    .option('--config <file>', 'fields of the configuration as YAML or JSON; options given here win over it')
    .option('--set <field=value>', 'set one field by its path, such as network.depth=4; wins over all', collect, [])
    .option('--json', 'events as JSON lines on stdout, everything else on stderr');
  const given = addSchemaOptions(command, trainConfigSchema);
  command.action(async ({ resume, like, config: recipe, set, replayStep: replayed, json = false }: Given) => {
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
          `\`train --resume ${resume}\` goes on with what ${resume} was started with, but ${others.join(', ')} ` +
            'was given too; leave that out, or start a new run with --data and --out',
        );
      if (replayed === undefined) await tellOfRun(await followTraining({ resume }, json), json);
      else await showReplay(resume, replayed, json);
      return;
    }
    if (replayed !== undefined)
      throw new NoduleTrainError(
        'bad-use',
        `\`train --replay-step ${replayed}\` wants --resume RUN, the run whose step it is`,
      );
    const { out: _, ...repeated } = like === undefined ? { out: '' } : recordedConfig(runFolder(like), 'repeating');
    const config = mergeFields(mergeFields(repeated, recipe === undefined ? {} : readRecipe(recipe)), fields);
    const end = await followTraining({ config: config as TrainConfigInput }, json);
    await tellOfRun(end, json);
    if (like !== undefined && end.status === 'finished') tellOfLikeness(end.run, like, json);
  });
  return command;
}

interface Given {
  resume?: string;
  like?: string;
  config?: string;
  set: string[];
  replayStep?: string;
  json?: boolean;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

function tellOfLikeness(run: string, like: string, json: boolean): void {
  const { same, sha256, firstDifference } = compareRuns(run, like);
  openOutput(json).print(
    same
      ? `The same bits as ${like}: weights and optimizer have SHA-256 ${sha256[0]}.`
      : `Not the bits of ${like}. First difference: ${firstDifference}.`,
  );
  if (!same) process.exitCode = 1;
}

/** What people see of a finished run at its end. */
async function tellOfRun(end: TrainEvent & { type: 'end' }, json: boolean): Promise<void> {
  if (end.status !== 'finished') return;
  const output = openOutput(json);
  const history = await readRunHistory(runFolder(end.run).events);
  for (const line of runSummary(history, end, output.width())) output.print(line);
}

/** Runs or resumes training with its events shown; Ctrl-C saves, and a second one ends at once. */
export async function followTraining(
  what: { config: TrainConfigInput } | { resume: string },
  json: boolean,
): Promise<TrainEvent & { type: 'end' }> {
  const output = openOutput(json);
  const interrupt = stopOnInterrupt(() => output.print('Stopping after this step; Ctrl-C again ends at once.'));
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
  if (end === undefined) throw new NoduleTrainError('train-ended', 'training: the worker ended without a last event');
  if (end.status === 'stopped') process.exitCode = 130;
  return end;
}
