import type { Tensor } from '../tensor/tensor.js';
import { checkOptions } from './checkOptions.js';
import { checkPair } from './checkPair.js';
import { overlapSums } from './overlapSums.js';

export interface TverskyOptions {
  /** Weight of what is painted beside the target. */
  alpha?: number;
  /** Weight of what is missed. With both 0.5 it is Dice of twice the smoothing. */
  beta?: number;
  smooth?: number;
  /** Sum over the whole batch, as if it were one sample; the loss comes out B times. */
  batch?: boolean;
}

/**
 * 1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth) for each sample, TP = Σ p·y, FP = Σ p·(1-y), FN = Σ (1-p)·y
 * (Salehi, Erdogmus and Gholipour 2017, doi 10.1007/978-3-319-67389-9_44).
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
  /** From 1 on; the higher, the more the samples that agree badly count. */
  gamma?: number;
}

/**
 * The Tversky loss of each sample to the power 1 / gamma (Abraham and Khan 2019, doi 10.1109/ISBI.2019.8759329). Where the
 * Tversky loss is 0, so are loss and gradient, though the power's slope is infinite there.
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
