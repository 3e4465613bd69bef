import { NoduleTrainError } from '../../runtime/index.js';
import type { Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { createLoss, type LossFunction } from '../parts/createLoss.js';
import { checkTensor } from './checkTensor.js';
import { loadUserFunction } from './userModule.js';

/**
 * A loss of the user's own.
 *
 * @param probability `[B, 1, H, W]` float32, 0…1; whole slices in validation
 * @param mask of the same shape, 0 or 1
 * @param options the run's configuration, frozen: `smooth`, `tverskyAlpha` and so on are there to be used
 * @returns `[B]` float32 or float64, one loss for each sample, made with operators so that autograd goes through it
 */
export type UserLoss = (probability: Tensor, mask: Tensor, options: Readonly<TrainConfig>) => Tensor;

/**
 * The loss of a run, its own or the one of `lossModule`, whose shape and type are checked at every call, its values and its gradient at the first.
 * @throws NoduleTrainError `user-module`
 */
export async function loadLoss(config: TrainConfig): Promise<LossFunction> {
  const { lossModule } = config;
  if (lossModule === undefined) return createLoss(config);
  const loss = await loadUserFunction<UserLoss>('lossModule', lossModule);
  const options = Object.freeze({ ...config });
  let first = true;
  return (probability, mask) => {
    const given = checkTensor(`what the loss ${lossModule} returned`, loss(probability, mask, options), {
      shape: [mask.shape[0] as number],
      dtypes: ['float32', 'float64'],
      values: first ? 'finite' : undefined,
    });
    if (first && probability.requiresGrad && !given.requiresGrad)
      throw new NoduleTrainError(
        'user-module',
        `what the loss ${lossModule} returned has no gradient: it was not made from the probabilities by operators of nodule-train/torch, or under noGrad`,
      );
    first = false;
    return given;
  };
}
