import { NoduleTrainError } from '../../runtime/index.js';
import type { Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { createLoss, type LossFunction } from '../parts/createLoss.js';
import { checkTensor } from './checkTensor.js';
import { loadUserFunction } from './userModule.js';

/**
 * A custom loss function.
 *
 * @param probability `[B, 1, H, W]` float32, from 0 to 1; whole slices in validation
 * @param mask `[B, 1, H, W]` float32, 0 or 1
 * @param options the run's frozen configuration, with `smooth`, `tverskyAlpha` and so on
 * @returns `[B]` float32 or float64, one loss per sample, computed with operators so that autograd can follow
 */
export type UserLoss = (probability: Tensor, mask: Tensor, options: Readonly<TrainConfig>) => Tensor;

/**
 * Loads the loss function of a run: a built-in one, or that of `lossModule`. The latter's result is checked: shape and
 * type at every call, values and gradient at the first.
 * @throws NoduleTrainError `user-module`, also by the loss function
 */
export async function loadLoss(config: TrainConfig): Promise<LossFunction> {
  const { lossModule } = config;
  if (lossModule === undefined) return createLoss(config);
  const loss = await loadUserFunction<UserLoss>('lossModule', lossModule);
  const options = Object.freeze({ ...config });
  let first = true;
  return (probability, mask) => {
    const given = checkTensor(`the result of the loss ${lossModule}`, loss(probability, mask, options), {
      shape: [mask.shape[0] as number],
      dtypes: ['float32', 'float64'],
      values: first ? 'finite' : undefined,
    });
    if (first && probability.requiresGrad && !given.requiresGrad)
      throw new NoduleTrainError(
        'user-module',
        `checking the result of the loss ${lossModule}: found a tensor without gradient, expected one computed from ` +
          'the probabilities with operators of nodule-train/torch, outside noGrad.',
      );
    first = false;
    return given;
  };
}
