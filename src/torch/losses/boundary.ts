import { NoduleTrainError } from '../../runtime/index.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkPair } from './checkPair.js';
import { lossDtype } from './overlapSums.js';
import { signedDistance } from './signedDistance.js';

/**
 * Boundary loss of each sample: the mean of p times the signed distance in pixels to the target's boundary (Kervadec et
 * al. 2019, arXiv 1812.07032). Predictions far outside cost most, predictions inside are a gain, so the loss may be
 * negative. An empty or full target has no boundary and gives 0, so add this loss to one that handles such targets.
 * @param prediction probabilities [B, C, H, W]
 * @param target of the same shape, above 0.5 inside; no gradient flows into it
 * @returns [B]
 * @throws NoduleTrainError `torch`
 */
export const boundary = (prediction: Tensor, target: Tensor): Tensor => {
  checkPair('boundary loss', prediction, target);
  if (prediction.shape.length !== 4)
    throw new NoduleTrainError(
      'torch',
      `boundary loss: the prediction is [${prediction.shape.join(', ')}], ` +
        'expected [B, C, H, W]: distances are in planes',
    );
  const dtype = lossDtype(prediction);
  return prediction.to(dtype).mul(signedDistance(target).to(dtype)).flatten(1).mean(1);
};
