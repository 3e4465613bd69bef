import { Command } from 'commander';
import { NoduleTrainError } from '../runtime/error.js';
import { type TrainConfigInput, trainConfigSchema } from '../train/config.js';
import type { TrainEvent } from '../train/events.js';
import { resumeTraining, train } from '../train/train.js';
import { openOutput } from './output.js';
import { addSchemaOptions } from './schemaOptions.js';
import { stopOnInterrupt } from './stopOnInterrupt.js';
import { trainView } from './trainView.js';

export function trainCommand(): Command {
  const command = new Command('train')
    .description('Train a nodule segmenter and validate it.')
    .option('--resume <run>', 'go on with a run from its last checkpoint; takes no other option but --json')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr');
  const given = addSchemaOptions(command, trainConfigSchema);
  command.action(async ({ resume, json = false }: { resume?: string; json?: boolean }) => {
    const config = given();
    if (resume !== undefined && Object.keys(config).length > 0)
      throw new NoduleTrainError(
        'bad-use',
        `\`train --resume ${resume}\` goes on with what ${resume} was started with, but ${Object.keys(config).join(', ')} ` +
          'was given too; leave that out, or start a new run with --data and --out',
      );
    await followTraining(resume === undefined ? { config: config as TrainConfigInput } : { resume }, json);
  });
  return command;
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
