import { ops, type Tensor } from '../torch/index.js';

/** Rows, columns, and both, of `[B, C, H, W]`. */
const mirrors = [[2], [3], [2, 3]] as const;

/** A network that gives the mean of another one's probabilities for the four mirror images of each slice; it takes four times as long. */
export const averagedFlips = (net: { forward(image: Tensor): Tensor }): { forward(image: Tensor): Tensor } => ({
  forward(image) {
    let sum = net.forward(image);
    for (const axes of mirrors) sum = sum.add(ops.flip(net.forward(ops.flip(image, [...axes])), [...axes]));
    return sum.mul(1 / (1 + mirrors.length));
  },
});
