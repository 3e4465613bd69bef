import type { nn } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';

/**
 * Options of the U-Net that a configuration asks for: from `2 * contextSlices + 1` slices as channels to one
 * probability per pixel of the middle slice.
 */
export function networkOptions({ network, contextSlices, compat, channelsLast }: TrainConfig): nn.UNetOptions {
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
