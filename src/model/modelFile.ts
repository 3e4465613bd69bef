import { NoduleTrainError } from '../runtime/index.js';
import { loadTensorsSync, nn, readMetadataSync, saveTensorsSync, type Tensor } from '../torch/index.js';
import type { ModelDescription } from './modelDescription.js';
import { isSafetensors } from './readWeights.js';
import { tensorsHash } from './tensorsHash.js';

/** Format of an exported model: weights and description, without the state of a run. */
const MODEL_FORMAT = 'nodule-train-model-1';
/** Format of a checkpoint: the same, with all that its run needs to be resumed. */
const CHECKPOINT_FORMAT = 'nodule-train-checkpoint-1';

/** What a model file is, read from its metadata alone; `weights` for a file of another program. */
export type ModelFileKind = 'model' | 'checkpoint' | 'weights';

/**
 * Reads the kind of a model file.
 * @throws NoduleTrainError what reading the header of a safetensors file throws
 */
export function modelFileKind(path: string): ModelFileKind {
  if (!isSafetensors(path)) return 'weights';
  const { format, model } = readMetadataSync(path);
  if (model === undefined) return 'weights';
  return format === MODEL_FORMAT ? 'model' : 'checkpoint';
}

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

function splitCheckpointTensors(tensors: ReadonlyMap<string, Tensor>): CheckpointTensors {
  const split: CheckpointTensors = { model: new Map(), optimizer: new Map(), average: new Map(), counts: null };
  for (const [name, tensor] of tensors) {
    if (name === COUNTS_NAME) split.counts = tensor;
    else if (name.startsWith(OPTIMIZER_PREFIX)) split.optimizer.set(name.slice(OPTIMIZER_PREFIX.length), tensor);
    else if (name.startsWith(AVERAGE_PREFIX)) split.average.set(name.slice(AVERAGE_PREFIX.length), tensor);
    else split.model.set(name, tensor);
  }
  return split;
}

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
    sha256: tensorsHash(tensors),
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
  const found = tensorsHash(tensors);
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

/**
 * Creates the network of a model file, in evaluation mode and channels last: the memory format of its run is not part
 * of the file.
 */
export function createInferenceNet(network: nn.UNetOptions, state: nn.StateDict): nn.UNet {
  const net = nn.unet({ ...network, channelsLast: true });
  net.loadStateDict(state);
  net.eval();
  return net;
}
