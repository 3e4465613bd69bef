import { existsSync, linkSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import type { TrainConfig } from '../config/schema.js';
import { type LoadedCheckpoint, loadCheckpoint } from './checkpoint.js';
import type { RunFolder } from './runFolder.js';

const pattern = /^step-(\d+)\.safetensors$/;
const nameOf = (step: number) => `step-${String(step).padStart(9, '0')}.safetensors`;

/** Earlier checkpoints of a run, the newest first. */
const earlier = ({ checkpoints }: RunFolder): string[] =>
  (existsSync(checkpoints) ? readdirSync(checkpoints) : [])
    .filter((name) => pattern.test(name))
    .sort()
    .reverse()
    .map((name) => join(checkpoints, name));

/** Gives the last checkpoint a second name, after its step, so that it stays when the next one takes its place. */
export function keepLast(run: RunFolder, step: number): void {
  const path = join(run.checkpoints, nameOf(step));
  if (existsSync(run.last) && !existsSync(path)) linkSync(run.last, path);
}

/** Takes away all earlier checkpoints but the newest `kept`. */
export function dropEarlier(run: RunFolder, kept: number): void {
  for (const path of earlier(run).slice(kept)) rmSync(path, { force: true });
}

/** Fields that may be another in a checkpoint of the same run: its folder may have moved. */
const sameRun = ({ out: _out, data: _data, ...a }: TrainConfig, { out: _, data: __, ...b }: TrainConfig) =>
  isDeepStrictEqual(a, b);

/**
 * The newest checkpoint of a run, of those before step `before`, that can be used; null where it was killed before its first one. What is passed over
 * is named in `notes`.
 * @throws NoduleTrainError of the newest one where none can be used
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
          `reading the checkpoint ${path}: it is of a run with another configuration than ${run.config} says; put the run's own file there`,
        );
      if (checkpoint.state.step >= before) continue;
      return { checkpoint, notes: faults.map(({ message }) => `${message} Going on from ${basename(path)}.`) };
    } catch (error) {
      if (!(error instanceof NoduleTrainError)) throw error;
      faults.push(error);
    }
  }
  if (faults[0] !== undefined) throw faults[0];
  return { checkpoint: null, notes: [] };
}
