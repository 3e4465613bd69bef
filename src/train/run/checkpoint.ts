import { modelFormat } from '../../model/modelFile.js';
import { predictingNet } from '../../model/predictingNet.js';
import { tensorsHash } from '../../model/tensorsHash.js';
import { NoduleTrainError } from '../../runtime/error.js';
import type { nn, optim, Tensor } from '../../torch/index.js';
import { loadTensorsSync, saveTensorsSync } from '../../torch/serialization/index.js';
import type { TrainConfig } from '../config/config.js';
import { initialState, type RunState } from './runState.js';

const format = 'nodule-train-checkpoint-1';
const optimizerPrefix = 'optimizer.';
const averagePrefix = 'average.';
const countsKey = 'counts';

/**
 * How a model wants its input: HU clipped to a range, or values of a window that are scaled slice by slice from its minimum and maximum
 * to 0…255, which is what it was trained on where intensities are arbitrary.
 */
export type InputTransform = { kind: 'hu-clip'; low: number; high: number } | { kind: 'minmax-window' };

/** What must be known to run a saved model; with its weights it is the whole model. */
export interface ModelDescription {
  /** Options of `nn.unet`; `pooling` among them, which the weights do not show. */
  network: Record<string, unknown> & { pooling: 'max' | 'avg' };
  contextSlices: number;
  input: InputTransform;
  /** Rows and columns must divide by this. */
  sizeMultiple: number;
  threshold: number;
  minimumVoxels: number;
  /** Components of a lower mean probability are dropped; absent: none. */
  minimumScore?: number;
  /** What is known of the spacing it was trained at, such as `native, not recorded`. */
  spacing?: string;
  /** Whether probabilities are the mean over the four mirror images of a slice; absent: no. */
  flips?: boolean;
  /** Patients, or series where patients are unknown, that it was trained on. */
  trainedOn: string[];
}

/** What a checkpoint holds beside the model. */
export interface CheckpointState {
  config: TrainConfig;
  state: RunState;
}

/**
 * Writes the model under the names of its state_dict, and for `last` the optimizer's state and the epoch's counts too.
 * The file is there whole or not at all.
 */
export function saveCheckpoint(
  path: string,
  model: { net: nn.Module; description: ModelDescription },
  run: CheckpointState,
  resumable?: { optimizer: optim.Optimizer; counts: Tensor; average?: nn.Module | undefined },
): void {
  const tensors = new Map<string, Tensor>(model.net.stateDict());
  if (resumable) {
    for (const [name, tensor] of resumable.optimizer.stateDict()) tensors.set(optimizerPrefix + name, tensor);
    for (const [name, tensor] of resumable.average?.stateDict() ?? []) tensors.set(averagePrefix + name, tensor);
    tensors.set(countsKey, resumable.counts);
  }
  saveTensorsSync(path, tensors, {
    format,
    pooling: model.description.network.pooling,
    inputTransform: JSON.stringify(model.description.input),
    model: JSON.stringify(model.description),
    config: JSON.stringify(run.config),
    // Every draw depends on (seed, epoch, position) alone, so this is the position of the random numbers too.
    state: JSON.stringify(run.state),
    sha256: tensorsHash(tensors),
  });
}

export interface LoadedCheckpoint {
  model: Map<string, Tensor>;
  description: ModelDescription;
  config: TrainConfig;
  state: RunState;
  /** Empty for `best`. */
  optimizer: Map<string, Tensor>;
  /** Moving average of the weights; empty where there is none. */
  average: Map<string, Tensor>;
  counts: Tensor | null;
}

/** @throws NoduleTrainError `checkpoint` where the file is no checkpoint of this project; what `loadTensors` throws */
export function loadCheckpoint(path: string): LoadedCheckpoint {
  const { tensors, metadata } = loadTensorsSync(path);
  if (metadata.format !== format)
    throw new NoduleTrainError(
      'checkpoint',
      `reading the checkpoint ${path}: its metadata says format ${JSON.stringify(metadata.format ?? null)}, wanted is ` +
        `${format}. A file of weights alone can be evaluated (--pooling, --input), but no run can go on from it.`,
    );
  checkHash(path, tensors, metadata);
  const model = new Map<string, Tensor>();
  const optimizer = new Map<string, Tensor>();
  const average = new Map<string, Tensor>();
  let counts: Tensor | null = null;
  for (const [name, tensor] of tensors) {
    if (name === countsKey) counts = tensor;
    else if (name.startsWith(optimizerPrefix)) optimizer.set(name.slice(optimizerPrefix.length), tensor);
    else if (name.startsWith(averagePrefix)) average.set(name.slice(averagePrefix.length), tensor);
    else model.set(name, tensor);
  }
  const parse = (key: string) => JSON.parse(metadata[key] as string);
  const [description, config] = [parse('model'), parse('config')];
  // Fields that a checkpoint of an earlier version does not have begin as in a new run.
  const state = { ...initialState(), ...parse('state') };
  return { model, description, config, state, optimizer, average, counts };
}

/** The network of a checkpoint, or of a model that was handed on, in evaluation mode. Throws as `loadCheckpoint`. */
export function loadModel(path: string): { net: nn.Module; description: ModelDescription } {
  const { tensors, metadata } = loadTensorsSync(path);
  if (metadata.format === modelFormat) {
    checkHash(path, tensors, metadata);
    const description = JSON.parse(metadata.model as string) as ModelDescription;
    return { net: predictingNet(description.network, tensors), description };
  }
  const { model, description } = loadCheckpoint(path);
  return { net: predictingNet(description.network, model), description };
}

function checkHash(path: string, tensors: Map<string, Tensor>, { sha256 }: Readonly<Record<string, string>>): void {
  const found = tensorsHash(tensors);
  if (sha256 === undefined || sha256 === found) return;
  throw new NoduleTrainError(
    'checkpoint',
    `reading the checkpoint ${path}: its tensors have SHA-256 ${found}, but ${sha256} was written with them: ` +
      'the file is damaged; take another one',
  );
}
