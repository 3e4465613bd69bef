import { type Device, losses } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { StepCounts } from './stepCounts.js';

/** What a run counts in training or in validation. */
export function createStepCounts(
  { threshold, compat, augment, smooth }: TrainConfig,
  device: Device,
  part: 'training' | 'validation',
): StepCounts {
  const { flip, offset, scale, rotate, noise } = augment;
  // The book's augmentation, where there is any, turns the labels of training to bool; those of validation always are.
  const wholeNumbers = part === 'training' && !flip && !rotate && offset === 0 && scale === 0 && noise === 0;
  return new StepCounts(device, threshold, {
    bitwiseNot: compat.bitwiseNot && wholeNumbers,
    logged: compat.diceLogged ? (probability, mask) => losses.dice(probability, mask, { smooth }) : undefined,
  });
}
