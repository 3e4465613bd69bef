import { existsSync, linkSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import type { TrainConfig } from '../config/schema.js';
import { type LoadedCheckpoint, loadCheckpoint } from './checkpoint.js';
import type { RunFolder } from './runFolder.js';

const STEP_FILE = /^step-(\d+)\.safetensors$/;
const checkpointName = (step: number) => `step-${String(step).padStart(9, '0')}.safetensors`;

/** Paths of a run's earlier checkpoints, newest first. */
const earlier = ({ checkpoints }: RunFolder): string[] =>
  (existsSync(checkpoints) ? readdirSync(checkpoints) : [])
    .filter((name) => STEP_FILE.test(name))
    .sort()
    .reverse()
    .map((name) => join(checkpoints, name));

/** Links the last checkpoint to a second name, after its step, so that it survives when the next one replaces it. */
export function keepLast(run: RunFolder, step: number): void {
  const path = join(run.checkpoints, checkpointName(step));
  if (existsSync(run.last) && !existsSync(path)) linkSync(run.last, path);
}

/** Deletes all earlier checkpoints but the newest `kept`. */
export function dropEarlier(run: RunFolder, kept: number): void {
  for (const path of earlier(run).slice(kept)) rmSync(path, { force: true });
}

/** Whether a checkpoint is of the same run: only the folders of run and data may have moved. */
const sameRun = ({ out: _out, data: _data, ...a }: TrainConfig, { out: _, data: __, ...b }: TrainConfig) =>
  isDeepStrictEqual(a, b);

/**
 * Loads the newest usable checkpoint of a run, of those before step `before`; null if the run has none. `notes` names
 * those that were passed over.
 * @throws NoduleTrainError what is wrong with the newest one, if none is usable
 */
export function newestCheckpoint(
  run: RunFolder,
  config: TrainConfig,
  before = Number.POSITIVE_INFINITY,
): { checkpoint: LoadedCheckpoint | null; notes: string[] } {
  const faults: NoduleTrainError[] = [];
  const files = [...(existsSync(run.last) ? [run.last] : []), ...earlier(run)];
  for (const path of files) {
    try {
      const checkpoint = loadCheckpoint(path);
      if (!sameRun(checkpoint.config, config))
        throw new NoduleTrainError(
          'checkpoint',
          `reading the checkpoint ${path}: found the configuration of another run, expected that of ${run.config}. ` +
            "Put the run's own checkpoint there.",
        );
      if (checkpoint.state.step >= before) continue;
      return { checkpoint, notes: faults.map(({ message }) => `${message} Continuing from ${basename(path)}.`) };
    } catch (error) {
      if (!(error instanceof NoduleTrainError)) throw error;
      faults.push(error);
    }
  }
  if (faults[0] !== undefined) throw faults[0];
  return { checkpoint: null, notes: [] };
}
