import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkOutputFolder, replaceJsonSync } from '../../runtime/index.js';
import type { TrainConfig } from '../config/schema.js';
import type { TrainEvent } from '../events.js';
import { TensorboardWriter } from '../tensorboard/tensorboard.js';
import { openAppendLog } from './appendLog.js';
import type { LoadedCheckpoint } from './checkpoint.js';
import { newestCheckpoint } from './keptCheckpoints.js';
import { createRunFolder, openRunFolder, type RunFolder, runFolder } from './runFolder.js';
import { takeRunLock } from './runLock.js';

/**
 * A run to start or to resume. The folder of a resumed run may have moved since it was recorded: `run` is the current
 * one.
 */
export type TrainTask = { kind: 'new'; config: TrainConfig } | { kind: 'resume'; config: TrainConfig; run: string };

/** A run's folder during training. */
export interface RunRecord {
  folder: RunFolder;
  config: TrainConfig;
  /** Where a resumed run continues; null for a new run, and for one that was killed before its first checkpoint. */
  checkpoint: LoadedCheckpoint | null;
  /** Notes for the user about the checkpoints. */
  notes: readonly string[];
  tensorboard: TensorboardWriter;
  /** Appends to `events.jsonl`. */
  log(event: TrainEvent): void;
  /** Flushes `events.jsonl` to the disk. This precedes each checkpoint, so that no earlier line can be lost. */
  syncLog(): void;
  close(): void;
}

/**
 * Creates or opens the folder of a run and takes its lock.
 * @throws NoduleTrainError `output-path`, `run-in-use`, `run-exists`, `run-missing`, `checkpoint`
 */
export function openRunRecord(task: TrainTask): RunRecord {
  const folder = task.kind === 'new' ? runFolder(task.config.out) : openRunFolder(task.run);
  checkOutputFolder(
    task.kind === 'new' ? 'starting a run' : 'resuming a run',
    task.kind === 'new' ? '--out' : '--resume',
    folder.folder,
  );
  const release = takeRunLock(folder.lock, folder.folder);
  try {
    if (task.kind === 'new') {
      createRunFolder(folder);
      replaceJsonSync(folder.config, task.config);
    } else sweepTemporary(folder);
    const { checkpoint, notes } =
      task.kind === 'resume' ? newestCheckpoint(folder, task.config) : { checkpoint: null, notes: [] };
    const events = openAppendLog(folder.events);
    const tensorboard = new TensorboardWriter(
      folder.tensorboard,
      task.kind === 'resume' ? { position: checkpoint?.state.tensorboard ?? null } : undefined,
    );
    return {
      folder,
      config: task.config,
      checkpoint,
      notes,
      tensorboard,
      log: (event) => events.append(event),
      syncLog: () => events.sync(),
      close: () => {
        tensorboard.close();
        events.close();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** Deletes the temporary files of a killed process. The lock is held, so no other process is writing. */
function sweepTemporary({ checkpoints }: RunFolder): void {
  if (!existsSync(checkpoints)) return;
  for (const name of readdirSync(checkpoints)) if (name.endsWith('.tmp')) rmSync(join(checkpoints, name));
}
