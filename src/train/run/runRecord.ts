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

export type TrainTask =
  | { kind: 'new'; config: TrainConfig }
  | { kind: 'resume'; config: TrainConfig /** The folder as it was given now; it may have moved. */; run: string };

/** A run's folder while it is trained in. */
export interface RunRecord {
  folder: RunFolder;
  config: TrainConfig;
  /** What a resumed run goes on from; null for a new one, and for one that was killed before its first checkpoint. */
  checkpoint: LoadedCheckpoint | null;
  /** What the user should know of the checkpoints. */
  notes: readonly string[];
  tensorboard: TensorboardWriter;
  /** Appends to `events.jsonl`. */
  log(event: TrainEvent): void;
  /** Forces `events.jsonl` to the disk. A checkpoint is written after that, so that no line before it can be lost. */
  syncLog(): void;
  close(): void;
}

/**
 * Makes or opens the folder of a run and takes its lock.
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

/** Takes away what a killed process was writing; the lock is held, so nobody is writing now. */
function sweepTemporary({ checkpoints }: RunFolder): void {
  if (!existsSync(checkpoints)) return;
  for (const name of readdirSync(checkpoints)) if (name.endsWith('.tmp')) rmSync(join(checkpoints, name));
}
