import { isDeepStrictEqual } from 'node:util';
import { type InputTransform, type ModelDescription, type ReadModelFor, readModel } from '../../model/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';

/** Weights to start from, of a model that fits a run. */
export interface InitialWeights {
  /** By their names in the network's state_dict; the caller disposes them. */
  state: ReadonlyMap<string, Tensor>;
  /** Patients that the model was trained on; null where its file does not say it. */
  trainedOn: readonly string[] | null;
}

/** What must be the same, and the option that sets it. */
const compared = {
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
 * Reads the model that a run starts from (`init`) and checks that it is the run's network and expects the run's input.
 *
 * @throws NoduleTrainError `init-unsaid` where neither the file nor the configuration records pooling or input, `init-mismatch` naming
 *   all differences and the options that resolve them, `model-not-finite`, and what reading the file throws
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
    `starting from the model ${path}: it is not the network of this run: ${differences.join('; ')}`,
  );
}

function networkDifferences(found: Record<string, unknown>, { network, contextSlices }: ModelDescription): string[] {
  return Object.entries(compared).flatMap(([name, option]) => {
    const [is, run] = [found[name], network[name]];
    if (is === run) return [];
    if (name === 'inputNorm')
      return [
        is
          ? "its names are the book's wrapper's (input_batchnorm.*, unet.*), this run's network has plain ones (down_path…): leave out --no-network-input-norm"
          : "its names are plain, as pytorch-unet's (down_path…), without the book's wrapper (input_batchnorm.*, unet.*): --no-network-input-norm fits",
      ];
    if (name === 'inChannels') {
      const channels = is as number;
      const fits =
        channels % 2 === 1
          ? `--context-slices ${(channels - 1) / 2} fits`
          : 'an even number of channels has no middle slice, so no run can go on from it';
      return [`it takes ${channels} channels, this run gives ${2 * contextSlices + 1}: ${fits}`];
    }
    if (option === null) return [`it gives ${is} classes, wanted is one probability a pixel`];
    const fits = typeof is === 'boolean' ? option.replace('--', is ? '--' : '--no-') : `${option} ${is}`;
    return [`${name} is ${is} and of this run ${run}: ${fits} fits`];
  });
}

function inputDifferences(found: InputTransform, run: InputTransform): string[] {
  if (isDeepStrictEqual(found, run)) return [];
  const text = (input: InputTransform) =>
    input.kind === 'hu-clip' ? `HU clipped to ${input.low}…${input.high}` : '8-bit values of a window (minmax-window)';
  const fits =
    found.kind === 'hu-clip' && run.kind === 'hu-clip'
      ? `--hu-low ${found.low} --hu-high ${found.high} fits`
      : 'give data of that kind';
  return [`it takes ${text(found)}, this run gives ${text(run)}: ${fits}`];
}
