import type { SamplerOptions } from '../../data/index.js';
import type { TrainConfig } from '../config/schema.js';

/** Options of the sampler that a configuration asks for. */
export function samplerOptions(config: TrainConfig): SamplerOptions {
  const { compat, negatives } = config;
  return {
    ...config,
    negatives: compat.positiveCropsOnly ? 0 : negatives,
    // Holds the switches of training too; the sampler's schema drops those.
    compat,
  };
}
