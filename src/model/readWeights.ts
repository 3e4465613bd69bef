import { NoduleTrainError } from '../runtime/index.js';
import { isTensor, loadPtSync, loadTensorsSync, type Tensor } from '../torch/index.js';

/** Whether a path has the extension of a model. */
export function isModelFile(path: string): boolean {
  return /\.(safetensors|pt|pth|state)$/.test(path);
}

/** Whether a model file is safetensors by its extension; the others are from torch.save. */
export function isSafetensors(path: string): boolean {
  return !/\.(pt|pth|state)$/.test(path);
}

/**
 * Reads the weights and the metadata of a model file: `.safetensors`, or `.pt`, `.pth` and `.state` of torch.save.
 *
 * @throws NoduleTrainError `model-weights` if a file of torch.save holds no state_dict, and what reading the file
 *   throws
 */
export function readWeights(path: string): {
  state: ReadonlyMap<string, Tensor>;
  metadata: Readonly<Record<string, string>>;
} {
  if (isSafetensors(path)) {
    const { tensors, metadata } = loadTensorsSync(path);
    return { state: tensors, metadata };
  }
  const value = loadPtSync(path);
  // The book saves a dict with the weights under model_state.
  const state = value instanceof Map && value.has('model_state') ? value.get('model_state') : value;
  if (!(state instanceof Map) || ![...state.values()].every(isTensor))
    throw new NoduleTrainError(
      'model-weights',
      `reading the model ${path}: found no state_dict, expected one by itself or as model_state of a dict. ` +
        'Save `model.state_dict()`.',
    );
  return { state, metadata: {} };
}
