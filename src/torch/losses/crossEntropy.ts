import { op } from '../operators/operators.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkPair } from './checkPair.js';

/**
 * Binary cross-entropy -(y ln p + (1 - y) ln(1 - p)) of each sample, as the mean over its elements. Logarithms are
 * clamped at -100, as in PyTorch's `BCELoss`. Half precisions are computed and returned in float32.
 * @param prediction probabilities [B, ...]
 * @param target of the same shape, 0…1, any dtype
 * @returns [B]
 * @throws NoduleTrainError `torch`
 */
export const crossEntropy = (prediction: Tensor, target: Tensor): Tensor => {
  checkPair('cross-entropy', prediction, target);
  const dtype = prediction.dtype === 'float64' ? 'float64' : 'float32';
  const each: Tensor = op('aten::binary_cross_entropy')(prediction.to(dtype), target.to(dtype), { reduction: 0 });
  return each.flatten(1).mean(1);
};
