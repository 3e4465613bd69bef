import { isDeepStrictEqual } from 'node:util';
import { type InputTransform, type ModelDescription, type ReadModelFor, readModel } from '../../model/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';

/** Initial weights from a model file that fits a run. */
export interface InitialWeights {
  /** Tensors by their names in the network's state_dict. The caller disposes them. */
  state: ReadonlyMap<string, Tensor>;
  /** Patients that the model was trained on; null if its file does not record them. */
  trainedOn: readonly string[] | null;
}

/** Network options that must agree, with the command line option that sets each. */
const COMPARED = {
  inputNorm: '--network-input-norm',
  depth: '--network-depth',
  wf: '--network-wf',
  batchNorm: '--network-batch-norm',
  upMode: '--network-up-mode',
  pooling: '--network-pooling',
  inChannels: '--context-slices',
  classes: null,
} as const;

const STARTING: ReadModelFor = {
  doing: 'starting from the model',
  option: '--init-',
  missing: 'init-unsaid',
  contradiction: 'init-mismatch',
};

/**
 * Reads the model that a run starts from (`init`) and checks that it has the run's network and input.
 *
 * @throws NoduleTrainError `init-unsaid` if neither the file nor the configuration gives pooling or input,
 *   `init-mismatch` naming all differences and the options that resolve them, `model-not-finite`, and what reading the
 *   file throws
 */
export function readInitialWeights(config: TrainConfig, expected: ModelDescription): InitialWeights {
  const path = config.init as string;
  const given = { pooling: config.initPooling, input: config.initInput };
  const { state, network, input, description } = readModel(path, given, STARTING);
  const differences = [...networkDifferences({ ...network }, expected), ...inputDifferences(input, expected.input)];
  if (differences.length === 0) return { state, trainedOn: description?.trainedOn ?? null };
  for (const tensor of state.values()) tensor.dispose();
  throw new NoduleTrainError(
    'init-mismatch',
    `starting from the model ${path}: it does not fit this run: ${differences.join('; ')}`,
  );
}

function networkDifferences(found: Record<string, unknown>, { network, contextSlices }: ModelDescription): string[] {
  return Object.entries(COMPARED).flatMap(([name, option]) => {
    const [is, expected] = [found[name], network[name]];
    if (is === expected) return [];
    if (name === 'inputNorm')
      return [
        is
          ? "found weights with the names of the book's wrapper (input_batchnorm.*, unet.*), " +
            "expected pytorch-unet's (down_path…). Omit --no-network-input-norm"
          : "found weights with pytorch-unet's names (down_path…), " +
            "expected those of the book's wrapper (input_batchnorm.*, unet.*). Set --no-network-input-norm",
      ];
    if (name === 'inChannels') {
      const channels = is as number;
      const fits =
        channels % 2 === 1
          ? `Set --context-slices ${(channels - 1) / 2}`
          : 'An even number of channels has no middle slice, so no run can start from it';
      return [`found ${channels} input channels, expected ${2 * contextSlices + 1}. ${fits}`];
    }
    if (option === null) return [`found ${is} classes, expected one probability per pixel`];
    const fits = typeof is === 'boolean' ? option.replace('--', is ? '--' : '--no-') : `${option} ${is}`;
    return [`found ${name} ${is}, expected ${expected}. Set ${fits}`];
  });
}

function inputDifferences(found: InputTransform, expected: InputTransform): string[] {
  if (isDeepStrictEqual(found, expected)) return [];
  const text = (input: InputTransform) =>
    input.kind === 'hu-clip' ? `HU clipped to ${input.low}…${input.high}` : '8-bit values of a window (minmax-window)';
  const fits =
    found.kind === 'hu-clip' && expected.kind === 'hu-clip'
      ? `Set --hu-low ${found.low} --hu-high ${found.high}`
      : 'Use data of the kind it was trained on';
  return [`found a model for ${text(found)}, expected one for ${text(expected)}. ${fits}`];
}
