import type { Tensor } from '../tensor/tensor.js';
import { checkOptions } from './checkOptions.js';
import { checkPair } from './checkPair.js';
import { overlapSums } from './overlapSums.js';

export interface TverskyOptions {
  /** Weight of false positives. */
  alpha?: number;
  /** Weight of false negatives. With alpha = beta = 0.5 the loss is Dice of twice the smoothing. */
  beta?: number;
  /** Added to numerator and denominator. */
  smooth?: number;
  /** Sum over the whole batch as if it were one sample; the loss is repeated B times. */
  batch?: boolean;
}

/**
 * Tversky loss 1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth) of each sample, with TP = Σ p·y, FP = Σ p·(1-y),
 * FN = Σ (1-p)·y (Salehi, Erdogmus and Gholipour 2017, doi 10.1007/978-3-319-67389-9_44).
 * @param prediction probabilities [B, ...]
 * @param target of the same shape, any dtype
 * @returns [B]
 * @throws NoduleTrainError `torch`, `loss-options`
 */
export const tversky = (prediction: Tensor, target: Tensor, options: TverskyOptions = {}): Tensor => {
  const { alpha = 0.3, beta = 0.7, smooth = 1, batch = false } = options;
  checkOptions('tversky loss', { alpha, beta, smooth });
  checkPair('tversky loss', prediction, target);
  const { hit, predicted, labelled } = overlapSums(prediction, target, { batch });
  const wrong = predicted.sub(hit).mul(alpha).add(labelled.sub(hit).mul(beta));
  return hit.add(smooth).div(hit.add(wrong).add(smooth)).neg().add(1);
};

export interface FocalTverskyOptions extends TverskyOptions {
  /** Focusing parameter, at least 1: the higher, the more samples with poor overlap count. */
  gamma?: number;
}

/**
 * Tversky loss of each sample to the power 1 / gamma (Abraham and Khan 2019, doi 10.1109/ISBI.2019.8759329). Loss and
 * gradient are 0 where the Tversky loss is 0, although the derivative of the power is infinite there.
 * @param prediction probabilities [B, ...]
 * @param target of the same shape, any dtype
 * @returns [B]
 * @throws NoduleTrainError `torch`, `loss-options`
 */
export const focalTversky = (prediction: Tensor, target: Tensor, options: FocalTverskyOptions = {}): Tensor => {
  const { gamma = 4 / 3, ...rest } = options;
  checkOptions('focal tversky loss', { gamma }, 1);
  const each = tversky(prediction, target, rest);
  const some = each.detach().gt(0).to(each.dtype);
  return each
    .mul(some)
    .add(some.neg().add(1))
    .pow(1 / gamma)
    .mul(some);
};
