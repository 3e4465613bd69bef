import { type nn, saveTensorsSync, type Tensor } from '../torch/index.js';
import { type CheckpointTensors, joinCheckpointTensors } from './checkpointTensors.js';
import { hashTensors } from './hashTensors.js';
import type { ModelDescription } from './modelDescription.js';
import { CHECKPOINT_FORMAT, MODEL_FORMAT } from './modelFileKind.js';

/** Writes tensors with the description of their model and further metadata. */
function saveDescribed(
  path: string,
  tensors: Map<string, Tensor>,
  format: string,
  description: ModelDescription,
  metadata: Readonly<Record<string, string>> = {},
): void {
  saveTensorsSync(path, tensors, {
    format,
    pooling: description.network.pooling,
    inputTransform: JSON.stringify(description.input),
    model: JSON.stringify(description),
    ...metadata,
    sha256: hashTensors(tensors),
  });
}

/**
 * Exports a model: its weights under the names of its state_dict, and its description. Nothing of the run is included,
 * neither the optimizer nor the location of its data. The file is replaced in one step.
 */
export function saveModel(path: string, net: nn.Module, description: ModelDescription): void {
  saveDescribed(path, net.stateDict(), MODEL_FORMAT, description);
}

/** Writes a checkpoint; `metadata` is what is needed to resume the run. Replaces the file atomically. */
export function saveCheckpointFile(
  path: string,
  tensors: CheckpointTensors,
  description: ModelDescription,
  metadata: Readonly<Record<string, string>>,
): void {
  saveDescribed(path, joinCheckpointTensors(tensors), CHECKPOINT_FORMAT, description, metadata);
}
