import { type CheckpointTensors, loadModelFile, type ModelDescription, saveCheckpointFile } from '../../model/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { nn, optim, Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { initialState, type RunState } from './runState.js';

/** What a checkpoint holds beside the model. */
export interface CheckpointState {
  config: TrainConfig;
  state: RunState;
}

/** Writes the model, and for `last` the optimizer's state and the epoch's counts too. The file is replaced in one step. */
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
    // Every random number depends on (seed, epoch, position) alone, so this is the state of the generator too.
    state: JSON.stringify(run.state),
  });
}

export interface LoadedCheckpoint extends CheckpointTensors {
  description: ModelDescription;
  config: TrainConfig;
  state: RunState;
}

/** @throws NoduleTrainError `checkpoint` where the file is not a checkpoint of this project or damaged; what `loadTensors` throws */
export function loadCheckpoint(path: string): LoadedCheckpoint {
  const { kind, metadata, ...loaded } = loadModelFile(path);
  if (kind !== 'checkpoint')
    throw new NoduleTrainError(
      'checkpoint',
      `reading the checkpoint ${path}: found an exported model, expected a checkpoint of a run. Start a new run from it with --init ${path}.`,
    );
  const parse = (key: string) => JSON.parse(metadata[key] as string);
  // Fields that a checkpoint of an earlier version does not have start as in a new run.
  return { ...loaded, config: parse('config'), state: { ...initialState(), ...parse('state') } };
}
