import { readMetadataSync } from '../torch/index.js';
import { isReadAsSafetensors } from './readWeights.js';

/** Format of an exported model: weights and description, without the state of a run. */
export const MODEL_FORMAT = 'nodule-train-model-1';
/** Format of a checkpoint: the same, with all that its run needs to be resumed. */
export const CHECKPOINT_FORMAT = 'nodule-train-checkpoint-1';

/** What a model file is, read from its metadata alone; `weights` for a file of another program. */
export type ModelFileKind = 'model' | 'checkpoint' | 'weights';

/**
 * Reads the kind of a model file.
 * @throws NoduleTrainError what reading the header of a safetensors file throws
 */
export function modelFileKind(path: string): ModelFileKind {
  if (!isReadAsSafetensors(path)) return 'weights';
  const { format, model } = readMetadataSync(path);
  if (model === undefined) return 'weights';
  return format === MODEL_FORMAT ? 'model' : 'checkpoint';
}
