import { NoduleTrainError } from '../runtime/index.js';

/** Voxel counts of a prediction, a truth and their intersection. */
export interface Overlap {
  shared: number;
  predicted: number;
  truth: number;
}

/**
 * Counts the non-zero voxels of two masks of equal length, and those they share.
 * @throws NoduleTrainError `mask-shape`
 */
export function overlap(prediction: ArrayLike<number>, truth: ArrayLike<number>): Overlap {
  checkSameSize('comparing masks', prediction, truth);
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

/** @throws NoduleTrainError `mask-shape` if a prediction and a truth differ in their number of voxels */
export function checkSameSize(doing: string, prediction: ArrayLike<number>, truth: ArrayLike<number>): void {
  if (prediction.length === truth.length) return;
  throw new NoduleTrainError(
    'mask-shape',
    `${doing}: the prediction has ${prediction.length} voxels, expected ${truth.length} as in the truth. ` +
      'Give two masks of one scan.',
  );
}

/**
 * Computes Dice = 2 |P ∩ T| / (|P| + |T|) (Dice 1945). If only one of them is empty, it is 0. If both are empty, it is
 * null, because the case says nothing about a segmentation and must be counted separately.
 */
export function dice({ shared, predicted, truth }: Overlap): number | null {
  return predicted + truth === 0 ? null : (2 * shared) / (predicted + truth);
}
