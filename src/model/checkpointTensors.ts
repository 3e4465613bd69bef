import type { Tensor } from '../torch/index.js';

/** Tensors of a checkpoint by what they belong to. */
export interface CheckpointTensors {
  model: Map<string, Tensor>;
  /** Empty in a file that no run is resumed from. */
  optimizer: Map<string, Tensor>;
  /** Moving average of the weights; empty where the run has none. */
  average: Map<string, Tensor>;
  /** Counts of the epoch so far. */
  counts: Tensor | null;
}

const OPTIMIZER_PREFIX = 'optimizer.';
const AVERAGE_PREFIX = 'average.';
const COUNTS_NAME = 'counts';

/** Puts the tensors of a checkpoint into one map, the model under the names of its state_dict. */
export function joinCheckpointTensors({ model, optimizer, average, counts }: CheckpointTensors): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>(model);
  for (const [name, tensor] of optimizer) tensors.set(OPTIMIZER_PREFIX + name, tensor);
  for (const [name, tensor] of average) tensors.set(AVERAGE_PREFIX + name, tensor);
  if (counts !== null) tensors.set(COUNTS_NAME, counts);
  return tensors;
}

/** Reverses {@link joinCheckpointTensors}. */
export function splitCheckpointTensors(tensors: ReadonlyMap<string, Tensor>): CheckpointTensors {
  const split: CheckpointTensors = { model: new Map(), optimizer: new Map(), average: new Map(), counts: null };
  for (const [name, tensor] of tensors) {
    if (name === COUNTS_NAME) split.counts = tensor;
    else if (name.startsWith(OPTIMIZER_PREFIX)) split.optimizer.set(name.slice(OPTIMIZER_PREFIX.length), tensor);
    else if (name.startsWith(AVERAGE_PREFIX)) split.average.set(name.slice(AVERAGE_PREFIX.length), tensor);
    else split.model.set(name, tensor);
  }
  return split;
}
