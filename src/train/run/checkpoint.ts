import { type CheckpointTensors, loadModelFile, type ModelDescription, saveCheckpointFile } from '../../model/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { nn, optim, Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { initialState, type RunState } from './runState.js';

/** Content of every checkpoint besides the model. */
export interface CheckpointState {
  config: TrainConfig;
  state: RunState;
}

/**
 * Writes a model, and with `resumable` also the optimizer's state and the epoch's counts. Replaces the file atomically.
 */
export function saveCheckpoint(
  path: string,
  { net, description }: { net: nn.Module; description: ModelDescription },
  run: CheckpointState,
  resumable?: { optimizer: optim.Optimizer; counts: Tensor; average?: nn.Module | undefined },
): void {
  const tensors = {
    model: net.stateDict(),
    optimizer: resumable?.optimizer.stateDict() ?? new Map(),
    average: resumable?.average?.stateDict() ?? new Map(),
    counts: resumable?.counts ?? null,
  };
  saveCheckpointFile(path, tensors, description, {
    config: JSON.stringify(run.config),
    // Every random number depends on (seed, epoch, position) alone, so this includes the state of the generator.
    state: JSON.stringify(run.state),
  });
}

export interface LoadedCheckpoint extends CheckpointTensors {
  description: ModelDescription;
  config: TrainConfig;
  state: RunState;
}

/**
 * Reads a checkpoint.
 * @throws NoduleTrainError `checkpoint` if the file is damaged or not a checkpoint, and what `loadTensors` throws
 */
export function loadCheckpoint(path: string): LoadedCheckpoint {
  const { kind, metadata, ...loaded } = loadModelFile(path);
  if (kind !== 'checkpoint')
    throw new NoduleTrainError(
      'checkpoint',
      `reading the checkpoint ${path}: found an exported model, expected a checkpoint of a run. ` +
        `Start a new run from it with --init ${path}.`,
    );
  const parse = (key: string) => JSON.parse(metadata[key] as string);
  // Fields that a checkpoint of an earlier version lacks start as in a new run.
  return { ...loaded, config: parse('config'), state: { ...initialState(), ...parse('state') } };
}
