import { nn } from '../torch/index.js';

/**
 * Creates the network of a model file, in evaluation mode, prepared for fast inference and channels last: the
 * memory format of its run is not part of the file.
 */
export function createInferenceNet(network: nn.UNetOptions, state: nn.StateDict): nn.UNet {
  const net = nn.unet({ ...network, channelsLast: true });
  net.loadStateDict(state);
  net.eval();
  return net.prepareInference();
}
