import { NoduleTrainError } from '../runtime/index.js';
import type { nn, Tensor } from '../torch/index.js';
import { inferUNetOptions } from './inferUNetOptions.js';
import { loadModelFile } from './loadModelFile.js';
import type { InputTransform, ModelDescription } from './modelDescription.js';
import { modelFileKind } from './modelFileKind.js';
import { readWeights } from './readWeights.js';
import { refuseNotFinite } from './refuseNotFinite.js';

/** What a file with weights alone does not record, given by the caller. */
export interface GivenForModel {
  pooling?: 'max' | 'avg' | undefined;
  input?: InputTransform['kind'] | undefined;
}

/** How messages name the work and its options, and their error codes. */
export interface ReadModelFor {
  doing: string;
  /** Prefix of the options `pooling` and `input`. */
  option: string;
  missing: string;
  contradiction: string;
  /** Called with how the weights of another trainer were found; by default it emits a process warning. */
  onNote?: (text: string) => void;
}

/** A model file with its weights. */
export interface ModelContents {
  /** Under the names of the network's state_dict; the caller disposes them. */
  state: ReadonlyMap<string, Tensor>;
  network: nn.UNetOptions;
  input: InputTransform;
  /** Null for a file with weights alone. */
  description: ModelDescription | null;
}

/**
 * Reads a model of any kind: exported model, checkpoint, or plain weights (`.safetensors`, or `.pt`, `.pth` and
 * `.state` of torch.save) together with what they do not record.
 *
 * @throws NoduleTrainError `missing` of `use` if pooling or input must be given, `contradiction` of `use` if they
 *   contradict the file, `model-not-finite` for weights that are NaN or infinite, and what reading the file throws
 */
export function readModel(path: string, given: GivenForModel, use: ReadModelFor): ModelContents {
  const contents = modelFileKind(path) === 'weights' ? fromWeights(path, given, use) : fromModelFile(path, given, use);
  try {
    refuseNotFinite(path, contents.state);
    return contents;
  } catch (error) {
    for (const tensor of contents.state.values()) tensor.dispose();
    throw error;
  }
}

function fromModelFile(path: string, given: GivenForModel, use: ReadModelFor): ModelContents {
  const { model, optimizer, average, counts, description } = loadModelFile(path);
  for (const tensor of [...optimizer.values(), ...average.values()]) tensor.dispose();
  counts?.dispose();
  const { network, input } = description;
  try {
    refuseContradiction(path, 'pooling', given.pooling, network.pooling, use);
    refuseContradiction(path, 'input', given.input, input.kind, use);
  } catch (error) {
    for (const tensor of model.values()) tensor.dispose();
    throw error;
  }
  return { state: model, network: network as ModelContents['network'], input, description };
}

const CHOICES = {
  pooling: {
    what: 'how its network pools',
    choices: [
      ['max', "pytorch-unet's"],
      ['avg', "the book's"],
    ],
  },
  input: {
    what: 'what input it expects',
    choices: [
      ['hu-clip', 'HU clipped to ±1000'],
      ['minmax-window', '8-bit crops'],
    ],
  },
} as const;

function fromWeights(path: string, given: GivenForModel, use: ReadModelFor): ModelContents {
  const { state, metadata, notes } = readWeights(path);
  const { onNote = warn } = use;
  for (const note of notes) onNote(`${path}: ${note}`);
  try {
    const recorded = (['max', 'avg'] as const).find((name) => name === metadata.pooling);
    refuseContradiction(path, 'pooling', given.pooling, recorded, use);
    const pooling = recorded ?? given.pooling ?? refuseMissing(path, 'pooling', use);
    const kind = given.input ?? refuseMissing(path, 'input', use);
    return {
      state,
      network: inferUNetOptions(path, state, pooling),
      input: kind === 'hu-clip' ? { kind, low: -1000, high: 1000 } : { kind },
      description: null,
    };
  } catch (error) {
    for (const tensor of state.values()) tensor.dispose();
    throw error;
  }
}

const warn = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_MODEL' });

function refuseMissing(path: string, name: keyof typeof CHOICES, { doing, option, missing }: ReadModelFor): never {
  const { what, choices } = CHOICES[name];
  const options = choices.map(([value, meaning]) => `${option}${name} ${value} (${meaning})`).join(' or ');
  throw new NoduleTrainError(missing, `${doing} ${path}: the file does not record ${what}. Give ${options}.`);
}

function refuseContradiction(
  path: string,
  name: keyof typeof CHOICES,
  given: string | undefined,
  recorded: string | undefined,
  { doing, option, contradiction }: ReadModelFor,
): void {
  if (given === undefined || recorded === undefined || given === recorded) return;
  throw new NoduleTrainError(
    contradiction,
    `${doing} ${path}: found ${option}${name} ${given}, but the file records ${recorded}. Omit the option.`,
  );
}
