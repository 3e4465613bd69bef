import type { Sampler } from '../../data/index.js';
import type { Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import type { StepParts } from '../step.js';
import { checkTensor } from './checkTensor.js';
import { loadUserFunction } from './userModule.js';

/** Where a batch stands. All randomness of an augmentation must come from these numbers, or no run gives the same bits again. */
export interface BatchPlace {
  epoch: number;
  /** Of the batch's first crop in the epoch, from 0; crop i of the batch is the one at `position + i`. */
  position: number;
  seed: number;
}

/**
 * An augmentation of the user's own; it sees what the built-in one gave, on the training device.
 *
 * @param batch image `[B, C, S, S]` float32 in HU (or as stored, where intensities are arbitrary), mask `[B, 1, S, S]` float32, 0 or 1
 * @returns tensors of the same shapes and types; the mask's values from 0 to 1
 */
export type UserAugmentation = (
  batch: { image: Tensor; mask: Tensor },
  place: BatchPlace,
) => { image: Tensor; mask: Tensor };

/**
 * The sampler's batches, through the augmentation of `augmentModule` where there is one. Shapes and types of what it or a sampler of
 * the user's own gives are checked for every batch, the values of the first.
 *
 * @throws NoduleTrainError `user-module`
 */
export async function loadBatches(sampler: Sampler, config: TrainConfig): Promise<StepParts['sampler']> {
  const { augmentModule, samplerModule, batch, contextSlices, cropSize, seed } = config;
  if (augmentModule === undefined && samplerModule === undefined) return sampler;
  const augment =
    augmentModule === undefined ? undefined : await loadUserFunction<UserAugmentation>('augmentModule', augmentModule);
  const source = augmentModule === undefined ? `sampler ${samplerModule}` : `augmentation ${augmentModule}`;
  let first = true;
  return {
    next() {
      const place = augment && { ...sampler.state(), seed };
      const { counted, ...given } = sampler.next();
      const { image, mask } = (place && augment?.(given, place)) ?? given;
      checkTensor(`the image of the ${source}`, image, {
        shape: [batch, 2 * contextSlices + 1, cropSize, cropSize],
        dtypes: ['float32'],
        values: first ? 'finite' : undefined,
      });
      checkTensor(`the mask of the ${source}`, mask, {
        shape: [batch, 1, cropSize, cropSize],
        dtypes: ['float32'],
        values: first ? { low: 0, high: 1 } : undefined,
      });
      first = false;
      return { image, mask, counted };
    },
  };
}
