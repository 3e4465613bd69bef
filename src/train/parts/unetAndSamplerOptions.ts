import type { Volume } from '../../ct/index.js';
import type { SamplerOptions } from '../../data/sampling/sampler.js';
import type { nn } from '../../torch/index.js';
import type { TrainConfig } from '../config/config.js';
import type { ModelDescription } from '../run/checkpoint.js';

/** The network of a run: one probability per pixel of the centre slice, from the slices around it as channels. */
export function unetOptionsOf({ network, contextSlices, compat, channelsLast }: TrainConfig): nn.UNetOptions {
  return {
    ...network,
    channelsLast,
    inChannels: 2 * contextSlices + 1,
    classes: 1,
    padding: true,
    sigmoid: true,
    init: 'kaiming',
    biasInit: compat.biasInit ? 'normal' : 'uniform',
  };
}

export function describeModel(
  config: TrainConfig,
  trainedOn: string[],
  intensity: Volume['intensity'] = 'hu',
): ModelDescription {
  const { channelsLast: _, ...network } = unetOptionsOf(config);
  return {
    network: { ...network, pooling: config.network.pooling },
    contextSlices: config.contextSlices,
    input: intensity === 'hu' ? { kind: 'hu-clip', low: config.huLow, high: config.huHigh } : { kind: 'minmax-window' },
    sizeMultiple: 2 ** (config.network.depth - 1),
    threshold: config.threshold,
    minimumVoxels: config.minimumVoxels,
    flips: config.flips,
    trainedOn,
  };
}

export function samplerOptionsOf(config: TrainConfig): SamplerOptions {
  const { compat, negatives } = config;
  return {
    ...config,
    negatives: compat.positiveCropsOnly ? 0 : negatives,
    // The sampler's own switches; its schema drops the others.
    compat,
  };
}
