import { losses, type Tensor } from '../torch/index.js';
import type { TrainConfig } from './config.js';

/** Probabilities and labels, `[B, 1, H, W]`, to one loss per sample, `[B]`. */
export type Criterion = (probability: Tensor, mask: Tensor) => Tensor;

/** The loss that a run is configured with. */
export function criterionOf({ loss, smooth, fnWeight, ceWeight }: TrainConfig): Criterion {
  switch (loss) {
    case 'dice':
      return (probability, mask) => losses.dice(probability, mask, { smooth });
    case 'dice-ce':
      return (probability, mask) =>
        losses.dice(probability, mask, { smooth }).add(losses.crossEntropy(probability, mask).mul(ceWeight));
    case 'book':
      return (probability, mask) => losses.diceWithPositives(probability, mask, { smooth, fnWeight });
  }
}
