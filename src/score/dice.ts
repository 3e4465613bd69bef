import { NoduleTrainError } from '../runtime/index.js';

/** Sizes of a prediction, a truth and what they share, in voxels. */
export interface Overlap {
  shared: number;
  predicted: number;
  truth: number;
}

/** Counts voxels that are not zero in two masks of equal length. */
export function overlap(prediction: ArrayLike<number>, truth: ArrayLike<number>): Overlap {
  if (prediction.length !== truth.length) {
    throw new NoduleTrainError(
      'mask-shape',
      `Comparing masks: the prediction has ${prediction.length} voxels, the truth ${truth.length}; both must be of one scan`,
    );
  }
  let shared = 0;
  let predicted = 0;
  let trueVoxels = 0;
  for (let i = 0; i < truth.length; i++) {
    const p = prediction[i] !== 0;
    const t = truth[i] !== 0;
    if (p) predicted++;
    if (t) trueVoxels++;
    if (p && t) shared++;
  }
  return { shared, predicted, truth: trueVoxels };
}

/**
 * Dice = 2 |P ∩ T| / (|P| + |T|) (Dice 1945). Something against nothing, either way round, is 0; nothing against nothing is
 * null: it says nothing about a segmentation and must be counted apart.
 */
export function dice({ shared, predicted, truth }: Overlap): number | null {
  return predicted + truth === 0 ? null : (2 * shared) / (predicted + truth);
}
