import { type Device, losses } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { StepCounts } from './stepCounts.js';

/** Creates the counts of a run's training or validation. */
export function createStepCounts(
  { threshold, compat, augment, smooth }: TrainConfig,
  device: Device,
  part: 'training' | 'validation',
): StepCounts {
  const { flip, offset, scale, rotate, noise } = augment;
  // In the book's code, labels are integers in training without augmentation; augmentation makes them bool, and in
  // validation they always are.
  const wholeNumbers = part === 'training' && !flip && !rotate && offset === 0 && scale === 0 && noise === 0;
  return new StepCounts(device, threshold, {
    bitwiseNot: compat.bitwiseNot && wholeNumbers,
    logged: compat.diceLogged ? (probability, mask) => losses.dice(probability, mask, { smooth }) : undefined,
  });
}
