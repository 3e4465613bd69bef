import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { NoduleTrainError, shellWord } from '../../runtime/index.js';

/** Paths of a run's files. This is the only place that names them. */
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
  /** Tensors that `--replay-step` saved of a step. */
  replay(step: number): string;
}

/** Returns the paths of a run's files, without touching the disk. */
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
 * Creates the folders of a new run. The caller holds its lock.
 * @throws NoduleTrainError `run-exists` if the folder contains anything but the lock
 */
export function createRunFolder({ folder, lock, checkpoints }: RunFolder): void {
  // Another process that tries to take the lock briefly has its own file beside it.
  if (readdirSync(folder).some((name) => !name.startsWith(basename(lock))))
    throw new NoduleTrainError(
      'run-exists',
      `starting a run in ${folder}: the folder is not empty, expected a new or empty one. ` +
        `Continue that run with \`npx nodule-train train --resume ${shellWord(folder)}\`, or give another folder with --out.`,
    );
  mkdirSync(checkpoints, { recursive: true });
}

/**
 * Returns the paths of an existing run. `doing` begins the error message.
 * @throws NoduleTrainError `run-missing` if the folder is not that of a run
 */
export function openRunFolder(folder: string, doing = 'resuming'): RunFolder {
  const run = runFolder(folder);
  if (!existsSync(folder))
    throw new NoduleTrainError(
      'run-missing',
      `${doing} ${folder || '""'}: there is no such folder. Give the folder that was --out of \`nodule-train train\`.`,
    );
  if (!existsSync(run.config))
    throw new NoduleTrainError(
      'run-missing',
      `${doing} ${folder}: there is no ${run.config}, so this is not the folder of a run. ` +
        'Give the folder that was --out of `nodule-train train`.',
    );
  return run;
}
