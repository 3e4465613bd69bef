import type { Sampler } from '../../data/index.js';
import type { Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import type { StepParts } from '../step.js';
import { checkTensor } from './checkTensor.js';
import { loadUserFunction } from './userModule.js';

/** Position of a batch. All randomness of an augmentation must derive from it, or runs are not reproducible. */
export interface BatchPlace {
  epoch: number;
  /** Position of the batch's first crop in the epoch, from 0. Crop i of the batch is at `position + i`. */
  position: number;
  seed: number;
}

/**
 * A custom augmentation. It gets batches from the built-in one, on the training device.
 *
 * @param batch image `[B, C, S, S]` float32 in HU (or as stored, for arbitrary intensities), mask `[B, 1, S, S]`
 *   float32, 0 or 1
 * @returns tensors of the same shapes and types, with mask values from 0 to 1
 */
export type UserAugmentation = (
  batch: { image: Tensor; mask: Tensor },
  place: BatchPlace,
) => { image: Tensor; mask: Tensor };

/**
 * Returns the sampler's batches, passed through the augmentation of `augmentModule` if there is one. Batches from a
 * custom augmentation or sampler are checked: shapes and types of every one, values of the first.
 *
 * @throws NoduleTrainError `user-module`, also by `next`
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
