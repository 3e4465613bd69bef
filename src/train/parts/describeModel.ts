import type { Volume } from '../../ct/index.js';
import type { ModelDescription } from '../../model/index.js';
import type { TrainConfig } from '../config/schema.js';
import { networkOptions } from './networkOptions.js';

/** Describes the model of a run for its files. `intensity` is that of the training scans. */
export function describeModel(
  config: TrainConfig,
  trainedOn: string[],
  intensity: Volume['intensity'] = 'hu',
): ModelDescription {
  const { channelsLast: _, ...network } = networkOptions(config);
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
