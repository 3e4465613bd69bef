import type { SamplerOptions } from '../../data/index.js';
import type { nn } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';

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

export function samplerOptionsOf(config: TrainConfig): SamplerOptions {
  const { compat, negatives } = config;
  return {
    ...config,
    negatives: compat.positiveCropsOnly ? 0 : negatives,
    // The sampler's own switches; its schema drops the others.
    compat,
  };
}
