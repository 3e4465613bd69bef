import { NoduleTrainError } from '../../runtime/error.js';
import type { Slot } from '../native.js';
import { native } from '../native.js';
import { fromSlot, slotOf, type Tensor } from '../tensor.js';
import { checkPair } from './checkPair.js';

declare module '../native.js' {
  interface Native {
    diceLoss(prediction: Slot, target: Slot, smooth: number, positiveWeight: number): Slot;
  }
}

const apply = (prediction: Tensor, target: Tensor, smooth: number, positiveWeight: number): Tensor => {
  checkPair('dice loss', prediction, target);
  for (const [name, value] of Object.entries({ smooth, fnWeight: positiveWeight }))
    if (!Number.isFinite(value) || value < 0)
      throw new NoduleTrainError('loss-options', `dice loss: ${name} is ${value}, wanted is a finite number from 0`);
  try {
    return fromSlot(native().diceLoss(slotOf(prediction), slotOf(target), smooth, positiveWeight));
  } catch (cause) {
    if (cause instanceof NoduleTrainError) throw cause;
    throw new NoduleTrainError('torch', (cause as Error).message, { cause });
  }
};

/**
 * 1 - (2 Σ p·y + smooth) / (Σ p + Σ y + smooth) for each sample, in float32 or float64.
 * @param prediction probabilities [B, ...]
 * @param target of the same shape, any dtype
 * @returns [B]
 */
export const dice = (prediction: Tensor, target: Tensor, options: { smooth?: number } = {}): Tensor =>
  apply(prediction, target, options.smooth ?? 1, 0);

/**
 * The book's loss for each sample: Dice + fnWeight × Dice(p·y, y). The second term looks only at the target's own
 * pixels, so it counts what was missed and never what was painted beside.
 * @returns [B]
 */
export const diceWithPositives = (
  prediction: Tensor,
  target: Tensor,
  options: { smooth?: number; fnWeight?: number } = {},
): Tensor => apply(prediction, target, options.smooth ?? 1, options.fnWeight ?? 8);
