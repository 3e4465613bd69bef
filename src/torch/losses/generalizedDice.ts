import { op } from '../operators/operators.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOptions } from './checkOptions.js';
import { checkPair } from './checkPair.js';
import { lossDtype } from './overlapSums.js';

export interface GeneralizedDiceOptions {
  /** Added to numerator and denominator, in units of the class weights. */
  smooth?: number;
  /** Class weight by its number of pixels n: 1 / n², 1 / n or 1. */
  weight?: 'square' | 'simple' | 'uniform';
  /** Sum over the whole batch as if it were one sample; the loss is repeated B times. */
  batch?: boolean;
}

/**
 * Generalized Dice 1 - (2 Σ_c w_c Σ p·y + smooth) / (Σ_c w_c (Σ p + Σ y) + smooth) of each sample (Sudre et al. 2017,
 * doi 10.1007/978-3-319-67558-9_28). Classes are the channels; with one channel (or none, [B, N]) they are target and
 * background. A class without pixels gets the largest weight of the others.
 * @param prediction probabilities [B, C, ...]
 * @param target of the same shape, any dtype
 * @returns [B]
 * @throws NoduleTrainError `torch`, `loss-options`
 */
export const generalizedDice = (prediction: Tensor, target: Tensor, options: GeneralizedDiceOptions = {}): Tensor => {
  const { smooth = 1e-5, weight = 'square', batch = false } = options;
  checkPair('generalized dice loss', prediction, target);
  checkOptions('generalized dice loss', { smooth });
  const dtype = lossDtype(prediction);
  const samples = prediction.shape[0] as number;
  const channels = prediction.shape.length > 2 ? (prediction.shape[1] as number) : 1;
  const classes = (x: Tensor): Tensor => {
    if (channels > 1) return x.to(dtype).flatten(2);
    const inside = x.to(dtype).flatten(1);
    return op('aten::stack')([inside, inside.neg().add(1)], 1);
  };
  const [p, y] = [classes(prediction), classes(target)];
  const sum = (x: Tensor): Tensor => (batch ? x.sum([0, 2]) : x.sum(2));
  const pixels = sum(y);
  const weights = weightsOf(pixels, weight);
  const total = (x: Tensor): Tensor => x.mul(weights).sum(batch ? 0 : 1);
  const loss = total(sum(p.mul(y)).mul(2))
    .add(smooth)
    .div(total(sum(p).add(pixels)).add(smooth))
    .neg()
    .add(1);
  return batch ? loss.expand(samples) : loss;
};

/** Class weights from numbers of pixels, [B, C] or, for a whole batch, [C]. */
const weightsOf = (pixels: Tensor, weight: 'square' | 'simple' | 'uniform'): Tensor => {
  if (weight === 'uniform') return pixels.mul(0).add(1);
  const empty = pixels.detach().eq(0).to(pixels.dtype);
  const counted = pixels.add(empty);
  const inverse = (weight === 'square' ? counted.mul(counted) : counted).pow(-1).mul(empty.neg().add(1));
  const largest = op('aten::amax')(inverse, [-1], true) as Tensor;
  return inverse.add(empty.mul(largest));
};
