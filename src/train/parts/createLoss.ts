import { losses, type Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';

/** Maps probabilities and labels, both `[B, 1, H, W]`, to one loss per sample, `[B]`. */
export type LossFunction = (probability: Tensor, mask: Tensor) => Tensor;

/** Creates the loss function that a configuration asks for; docs/reference/losses.md has the formulas. */
export function createLoss(config: TrainConfig): LossFunction {
  const { smooth, fnWeight, ceWeight, focalWeight, boundaryWeight, lossBatch: batch } = config;
  const { tverskyAlpha: alpha, tverskyBeta: beta, tverskyGamma, focalGamma, focalAlpha } = config;
  const dice: LossFunction = (p, y) => losses.dice(p, y, { smooth, batch, squared: config.squaredDice });
  const focal: LossFunction = (p, y) => losses.focal(p, y, { gamma: focalGamma, alpha: focalAlpha });
  const both =
    (second: LossFunction, weight: number): LossFunction =>
    (p, y) =>
      dice(p, y).add(second(p, y).mul(weight));
  switch (config.loss) {
    case 'dice':
      return dice;
    case 'dice-ce':
      return both(losses.crossEntropy, ceWeight);
    case 'dice-focal':
      return both(focal, focalWeight);
    case 'dice-boundary':
      return both(losses.boundary, boundaryWeight);
    case 'book':
      return (p, y) => losses.diceWithPositives(p, y, { smooth, fnWeight });
    case 'cross-entropy':
      return losses.crossEntropy;
    case 'focal':
      return focal;
    case 'tversky':
      return (p, y) => losses.tversky(p, y, { alpha, beta, smooth, batch });
    case 'focal-tversky':
      return (p, y) => losses.focalTversky(p, y, { alpha, beta, smooth, batch, gamma: tverskyGamma });
    case 'generalized-dice':
      return (p, y) => losses.generalizedDice(p, y, { batch });
    case 'log-cosh-dice':
      return (p, y) => losses.logCoshDice(p, y, { smooth, batch, squared: config.squaredDice });
  }
}
