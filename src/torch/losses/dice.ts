import { NoduleTrainError } from '../../runtime/index.js';
import type { Slot } from '../native.js';
import { native } from '../native.js';
import { op } from '../operators/operators.js';
import { fromSlot, slotOf, type Tensor } from '../tensor/tensor.js';
import { checkOptions } from './checkOptions.js';
import { checkPair } from './checkPair.js';
import { type OverlapOptions, overlapSums } from './overlapSums.js';

declare module '../native.js' {
  interface Native {
    diceLoss(prediction: Slot, target: Slot, smooth: number, positiveWeight: number): Slot;
  }
}

const fused = (prediction: Tensor, target: Tensor, smooth: number, positiveWeight: number): Tensor => {
  try {
    return fromSlot(native().diceLoss(slotOf(prediction), slotOf(target), smooth, positiveWeight));
  } catch (cause) {
    if (cause instanceof NoduleTrainError) throw cause;
    throw new NoduleTrainError('torch', (cause as Error).message, { cause });
  }
};

export interface DiceOptions extends OverlapOptions {
  /** Added to numerator and denominator, so that an empty prediction of an empty target has loss 0. */
  smooth?: number;
}

/**
 * Dice loss 1 - (2 Σ p·y + smooth) / (Σ p + Σ y + smooth) of each sample, in float32 or float64.
 * @param prediction probabilities [B, ...]
 * @param target of the same shape, any dtype
 * @returns [B]
 * @throws NoduleTrainError `torch`, `loss-options`
 */
export const dice = (prediction: Tensor, target: Tensor, options: DiceOptions = {}): Tensor => {
  const { smooth = 1, batch = false, squared = false } = options;
  checkPair('dice loss', prediction, target);
  checkOptions('dice loss', { smooth });
  if (!batch && !squared) return fused(prediction, target, smooth, 0);
  const { hit, predicted, labelled } = overlapSums(prediction, target, { batch, squared });
  return hit.mul(2).add(smooth).div(predicted.add(labelled).add(smooth)).neg().add(1);
};

/**
 * The book's loss of each sample: Dice(p, y) + fnWeight × Dice(p·y, y). The second term uses only the target's pixels,
 * so it counts missed pixels and never false positives.
 * @param prediction probabilities [B, ...]
 * @param target of the same shape, any dtype
 * @returns [B]
 * @throws NoduleTrainError `torch`, `loss-options`
 */
export const diceWithPositives = (
  prediction: Tensor,
  target: Tensor,
  { smooth = 1, fnWeight = 8 }: { smooth?: number; fnWeight?: number } = {},
): Tensor => {
  checkPair('dice loss', prediction, target);
  checkOptions('dice loss', { smooth, fnWeight });
  return fused(prediction, target, smooth, fnWeight);
};

/**
 * ln cosh of the Dice loss of each sample (Jadon 2020, doi 10.1109/CIBCB48159.2020.9277638): flat where the overlap is
 * good.
 * @param prediction probabilities [B, ...]
 * @param target of the same shape, any dtype
 * @returns [B]
 * @throws NoduleTrainError `torch`, `loss-options`
 */
export const logCoshDice = (prediction: Tensor, target: Tensor, options: DiceOptions = {}): Tensor =>
  op('aten::cosh')(dice(prediction, target, options)).log();
