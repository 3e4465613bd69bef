import { nn } from '../torch/index.js';

/** The network of a model file, to predict with. How the run that made it laid out values in memory is no part of the file. */
export const predictingNet = (network: nn.UNetOptions, state: nn.StateDict): nn.UNet => {
  const net = nn.unet({ ...network, channelsLast: true });
  net.loadStateDict(state);
  net.eval();
  return net;
};
