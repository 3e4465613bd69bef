import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';

/** The files of a run: the one place where their names stand. */
export interface RunFolder {
  folder: string;
  config: string;
  manifest: string;
  events: string;
  metrics: string;
  split: string;
  tensorboard: string;
  checkpoints: string;
  last: string;
  best: string;
  lock: string;
  /** What `--replay-step` found at a step. */
  replay(step: number): string;
}

export function runFolder(folder: string): RunFolder {
  const checkpoints = join(folder, 'checkpoints');
  return {
    folder,
    config: join(folder, 'config.json'),
    manifest: join(folder, 'manifest.json'),
    events: join(folder, 'events.jsonl'),
    metrics: join(folder, 'metrics.csv'),
    split: join(folder, 'split.json'),
    tensorboard: join(folder, 'tensorboard'),
    checkpoints,
    last: join(checkpoints, 'last.safetensors'),
    best: join(checkpoints, 'best.safetensors'),
    lock: join(folder, 'lock.json'),
    replay: (step) => join(folder, 'replays', `step-${step}.safetensors`),
  };
}

/**
 * Makes the folders of a new run, whose lock is held already.
 * @throws NoduleTrainError `run-exists` where there is anything beside the lock
 */
export function createRunFolder({ folder, lock, checkpoints }: RunFolder): void {
  // Another process that asks for the lock has a file of its own beside it for a moment.
  if (readdirSync(folder).some((name) => !name.startsWith(basename(lock))))
    throw new NoduleTrainError(
      'run-exists',
      `starting a run in ${folder}: the folder is not empty, a new or empty one is wanted. ` +
        `Continue that run with \`npx nodule-train train --resume ${folder}\` or give another folder with --out.`,
    );
  mkdirSync(checkpoints, { recursive: true });
}

/**
 * Opens the folder of a run to go on with it, or to do what `doing` says.
 * @throws NoduleTrainError `run-missing` where it is no run
 */
export function openRunFolder(folder: string, doing = 'resuming'): RunFolder {
  const run = runFolder(folder);
  if (!existsSync(run.config))
    throw new NoduleTrainError(
      'run-missing',
      `${doing} ${folder}: there is no ${run.config}, so this is not the folder of a run. Give the folder that was --out of \`nodule-train train\`.`,
    );
  return run;
}
