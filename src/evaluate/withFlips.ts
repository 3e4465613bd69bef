import { ops, type Tensor } from '../torch/index.js';
import type { ScanModel } from './scanModel.js';

/** Rows, columns, and both, of `[B, C, H, W]`. */
const mirrors = [[2], [3], [2, 3]] as const;

/** The same model, giving for each slice the mean of its probabilities for the four mirror images; it takes four times as long. */
export function withFlips(model: ScanModel): ScanModel {
  const forward = (image: Tensor): Tensor => {
    let sum = model.net.forward(image);
    for (const axes of mirrors) {
      const mirrored = model.net.forward(ops.flip(image, [...axes]));
      sum = sum.add(ops.flip(mirrored, [...axes]));
    }
    return sum.mul(1 / (1 + mirrors.length));
  };
  return { ...model, net: { forward } };
}
