import { op } from '../operators/operators.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOptions } from './checkOptions.js';
import { checkPair } from './checkPair.js';
import { lossDtype } from './overlapSums.js';

export interface FocalOptions {
  /** Focusing parameter: the higher, the less well-classified pixels count; 0 is cross-entropy. */
  gamma?: number;
  /** Weight of the target's pixels, with 1 - alpha for the others; null: both 1. */
  alpha?: number | null;
}

/**
 * Focal loss -y (1-p)^gamma ln p - (1-y) p^gamma ln(1-p) of each sample, as the mean over its elements (Lin et al.
 * 2017, doi 10.1109/ICCV.2017.324). Logarithms are clamped at -100, as in PyTorch's `BCELoss`.
 * @param prediction probabilities [B, ...]
 * @param target of the same shape, 0…1, any dtype
 * @returns [B]
 * @throws NoduleTrainError `torch`, `loss-options`
 */
export const focal = (prediction: Tensor, target: Tensor, options: FocalOptions = {}): Tensor => {
  const { gamma = 2, alpha = null } = options;
  checkPair('focal loss', prediction, target);
  checkOptions('focal loss', { gamma, ...(alpha === null ? {} : { alpha, '1 - alpha': 1 - alpha }) });
  const dtype = lossDtype(prediction);
  const [p, y] = [prediction.to(dtype), target.to(dtype)];
  const without = (x: Tensor): Tensor => x.neg().add(1);
  // The operator clamps the logarithm and its slope; log() would give 0 × infinity for a confident wrong pixel.
  const crossEntropy = op('aten::binary_cross_entropy');
  const every = (value: Tensor): Tensor => crossEntropy(p, value, { reduction: 0 });
  const none = y.detach().mul(0);
  const inside = y.mul(without(p).pow(gamma)).mul(every(none.add(1)));
  const outside = without(y).mul(p.pow(gamma)).mul(every(none));
  const weighted = alpha === null ? inside.add(outside) : inside.mul(alpha).add(outside.mul(1 - alpha));
  return weighted.flatten(1).mean(1);
};
