import { NoduleTrainError } from '../runtime/index.js';
import { loadTensorsSync } from '../torch/index.js';
import { type CheckpointTensors, splitCheckpointTensors } from './checkpointTensors.js';
import { hashTensors } from './hashTensors.js';
import type { ModelDescription } from './modelDescription.js';
import { CHECKPOINT_FORMAT, MODEL_FORMAT } from './modelFileKind.js';

/** A model file of this project, with its tensors loaded. */
export interface LoadedModelFile extends CheckpointTensors {
  kind: 'model' | 'checkpoint';
  description: ModelDescription;
  metadata: Readonly<Record<string, string>>;
}

/**
 * Reads an exported model or a checkpoint, and checks the hash of its tensors.
 * @throws NoduleTrainError `checkpoint` if the file is neither, or damaged; what `loadTensors` throws
 */
export function loadModelFile(path: string): LoadedModelFile {
  const { tensors, metadata } = loadTensorsSync(path);
  const { format = null } = metadata;
  if (format !== MODEL_FORMAT && format !== CHECKPOINT_FORMAT)
    throw new NoduleTrainError(
      'checkpoint',
      `reading the checkpoint ${path}: found format ${JSON.stringify(format)} in its metadata, ` +
        `expected ${CHECKPOINT_FORMAT}. ` +
        'A file with weights alone can be evaluated (--pooling, --input), but no run can be resumed from it.',
    );
  const found = hashTensors(tensors);
  if (metadata.sha256 !== undefined && metadata.sha256 !== found)
    throw new NoduleTrainError(
      'checkpoint',
      `reading the checkpoint ${path}: found SHA-256 ${found} over its tensors, expected ${metadata.sha256}: ` +
        'the file is damaged. Use another one.',
    );
  return {
    kind: format === MODEL_FORMAT ? 'model' : 'checkpoint',
    description: JSON.parse(metadata.model as string) as ModelDescription,
    metadata,
    ...splitCheckpointTensors(tensors),
  };
}
