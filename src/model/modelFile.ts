import type { nn } from '../torch/index.js';
import { saveTensorsSync } from '../torch/serialization/index.js';
import type { ModelDescription } from '../train/run/checkpoint.js';
import { tensorsHash } from './tensorsHash.js';

/** Of a model that is handed on: weights and what must be known to use them, no run to go on with. */
export const modelFormat = 'nodule-train-model-1';

/**
 * Writes a model to be handed on: its weights under the names of its state_dict, and its description. Nothing of the run comes along, neither
 * the optimizer nor where its data lay. The file is there whole or not at all.
 */
export function saveModel(path: string, net: nn.Module, description: ModelDescription): void {
  const tensors = net.stateDict();
  saveTensorsSync(path, tensors, {
    format: modelFormat,
    pooling: description.network.pooling,
    inputTransform: JSON.stringify(description.input),
    model: JSON.stringify(description),
    sha256: tensorsHash(tensors),
  });
}
