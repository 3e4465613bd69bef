import { isDeepStrictEqual } from 'node:util';
import { isCheckpoint } from '../../model/isCheckpoint.js';
import { networkOf } from '../../model/networkOf.js';
import { readWeights } from '../../model/readWeights.js';
import { refuseNotFinite } from '../../model/refuseNotFinite.js';
import { NoduleTrainError } from '../../runtime/error.js';
import type { Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/config.js';
import { type InputTransform, loadModel, type ModelDescription } from '../run/checkpoint.js';

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

/**
 * Reads the model that a run starts from (`init`) and checks that it is the run's network, and takes what the run gives it.
 *
 * @throws NoduleTrainError `init-unsaid` where the file does not say pooling or input and the configuration does not either,
 *   `init-mismatch` which names all that differs and the options that make it fit, `model-not-finite`, and what reading the file throws
 */
export function initialWeights(config: TrainConfig, wanted: ModelDescription): InitialWeights {
  const path = config.init as string;
  const found = isCheckpoint(path) ? fromCheckpoint(path, config) : fromWeights(path, config);
  try {
    const differences = [...networkDifferences(found.network, wanted), ...inputDifferences(found.input, wanted.input)];
    if (differences.length > 0)
      throw new NoduleTrainError(
        'init-mismatch',
        `starting from the model ${path}: it is not the network of this run: ${differences.join('; ')}`,
      );
    refuseNotFinite(path, found.state);
    return { state: found.state, trainedOn: found.trainedOn };
  } catch (error) {
    for (const tensor of found.state.values()) tensor.dispose();
    throw error;
  }
}

interface Found extends InitialWeights {
  network: Record<string, unknown>;
  input: InputTransform;
}

function fromCheckpoint(path: string, { initPooling, initInput }: TrainConfig): Found {
  const { net, description } = loadModel(path);
  const { network, input, trainedOn } = description;
  refuseContradiction(path, '--init-pooling', initPooling, network.pooling);
  refuseContradiction(path, '--init-input', initInput, input.kind);
  return { state: net.stateDict(), network, input, trainedOn };
}

function fromWeights(path: string, { initPooling, initInput }: TrainConfig): Found {
  const { state, metadata } = readWeights(path);
  const said = (['max', 'avg'] as const).find((name) => name === metadata.pooling);
  refuseContradiction(path, '--init-pooling', initPooling, said);
  const pooling = said ?? initPooling;
  if (pooling === undefined)
    throw unsaid(
      path,
      'how its network pools',
      "--init-pooling max (pytorch-unet's) or --init-pooling avg (the book's)",
    );
  if (initInput === undefined)
    throw unsaid(
      path,
      'what input it takes',
      '--init-input hu-clip (HU clipped to ±1000) or --init-input minmax-window (8-bit crops)',
    );
  const input: InputTransform =
    initInput === 'hu-clip' ? { kind: initInput, low: -1000, high: 1000 } : { kind: initInput };
  return { state, network: { ...networkOf(path, state, pooling) }, input, trainedOn: null };
}

function refuseContradiction(path: string, option: string, given?: string, said?: string): void {
  if (given === undefined || said === undefined || given === said) return;
  throw new NoduleTrainError(
    'init-mismatch',
    `starting from the model ${path}: ${option} ${given} was given, but the file says ${said}; leave the option out`,
  );
}

const unsaid = (path: string, what: string, options: string) =>
  new NoduleTrainError(
    'init-unsaid',
    `starting from the model ${path}: the file does not say ${what}; say it with ${options}`,
  );

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
