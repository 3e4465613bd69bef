import { NoduleTrainError } from '../runtime/index.js';
import { isTensor, loadPtSync, loadTensorsSync, type Tensor } from '../torch/index.js';

/** Whether a name is that of a model file and not of a scan. */
export const isModelFile = (path: string): boolean => /\.(safetensors|pt|pth|state)$/.test(path);

/** Whether a model file is safetensors by its name; the others are of torch.save. */
export const isSafetensors = (path: string) => !/\.(pt|pth|state)$/.test(path);

/**
 * The weights of a model file, and what its metadata says: `.safetensors`, or `.pt`, `.pth` and `.state` of torch.save.
 *
 * @throws NoduleTrainError `model-weights` where a file of torch.save holds no state_dict; what reading the file throws
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
      `reading the model ${path}: it holds no state_dict, neither by itself nor as model_state; save \`model.state_dict()\``,
    );
  return { state, metadata: {} };
}
