import { NoduleTrainError } from '../../runtime/error.js';
import type { Tensor } from '../tensor.js';
import { checkPair } from './checkPair.js';

export interface TverskyOptions {
  /** Weight of what is painted beside the target. */
  alpha?: number;
  /** Weight of what is missed. With both 0.5 it is Dice of twice the smoothing. */
  beta?: number;
  smooth?: number;
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
  const { alpha = 0.3, beta = 0.7, smooth = 1 } = options;
  for (const [name, value] of Object.entries({ alpha, beta, smooth }))
    if (!Number.isFinite(value) || value < 0)
      throw new NoduleTrainError('loss-options', `tversky loss: ${name} is ${value}, wanted is a finite number from 0`);
  checkPair('tversky loss', prediction, target);
  // Sums over thousands of pixels do not fit the half precisions.
  const dtype = prediction.dtype === 'float64' ? 'float64' : 'float32';
  const [p, y] = [prediction.to(dtype), target.to(dtype)];
  const sum = (x: Tensor): Tensor => x.flatten(1).sum(1);
  const hit = sum(p.mul(y));
  const beside = sum(p).sub(hit);
  const missed = sum(y).sub(hit);
  const wrong = beside.mul(alpha).add(missed.mul(beta));
  return hit.add(smooth).div(hit.add(wrong).add(smooth)).neg().add(1);
};
