import { isTensor, loadPtSync, loadTensorsSync, type Tensor, weightsFormatOf } from '../torch/index.js';
import { findStateDict } from './findStateDict.js';

/** Whether a path has the extension of a model. */
export function isModelFile(path: string): boolean {
  return /\.(safetensors|pt|pth|ckpt|state)$/i.test(path);
}

/** Whether a model file is written as safetensors by its extension; the others as torch.save does. */
export function isSafetensors(path: string): boolean {
  return !/\.(pt|pth|ckpt|state|bin|tar)$/i.test(path);
}

/** Whether a model file is read as safetensors: by its content, else by its extension. */
export function isReadAsSafetensors(path: string): boolean {
  const format = weightsFormatOf(path);
  return format === null ? isSafetensors(path) : format === 'safetensors';
}

/** Weights of a model file. */
export interface Weights {
  readonly state: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** How the weights were found, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Reads the weights and the metadata of a model file: safetensors, or what torch.save wrote for this or another
 * trainer.
 *
 * @throws NoduleTrainError `model-weights` if a file of torch.save holds no state_dict, and what reading the file
 *   throws
 */
export function readWeights(path: string): Weights {
  if (isReadAsSafetensors(path)) {
    const { tensors, metadata } = loadTensorsSync(path);
    try {
      return { metadata, ...findStateDict(path, tensors) };
    } catch (error) {
      for (const tensor of tensors.values()) tensor.dispose();
      throw error;
    }
  }
  const value = loadPtSync(path);
  try {
    const { state, notes } = findStateDict(path, value);
    const kept = new Set(state.values());
    for (const tensor of tensorsIn(value)) if (!kept.has(tensor)) tensor.dispose();
    return { state, metadata: {}, notes };
  } catch (error) {
    for (const tensor of tensorsIn(value)) tensor.dispose();
    throw error;
  }
}

/** Tensors in a value of `loadPt`, such as those of an optimizer's state beside the weights. */
function tensorsIn(value: unknown, found = new Set<Tensor>(), seen = new Set<unknown>()): Set<Tensor> {
  if (isTensor(value)) found.add(value);
  else if ((value instanceof Map || value instanceof Set || Array.isArray(value)) && !seen.has(value)) {
    seen.add(value);
    for (const item of value.values()) tensorsIn(item, found, seen);
  }
  return found;
}
