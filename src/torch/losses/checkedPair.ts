import { NoduleTrainError } from '../../runtime/error.js';
import { isTensor, type Tensor } from '../tensor.js';

const floating = ['float32', 'float64', 'float16', 'bfloat16'];

/**
 * What a loss of a prediction and a target checks first, and what it then computes with: half precisions become float32, as sums
 * over thousands of pixels do not fit them, and the target gets the prediction's dtype.
 * @throws NoduleTrainError `torch` unless both are Tensors of one shape [B, ...] and the prediction is floating-point
 */
export const checkedPair = (name: string, prediction: Tensor, target: Tensor): [Tensor, Tensor] => {
  for (const [which, value] of Object.entries({ prediction, target }))
    if (!isTensor(value)) throw new NoduleTrainError('torch', `${name}: the ${which} is ${typeof value}, no Tensor`);
  const shapes = [prediction, target].map(({ shape }) => `[${shape.join(', ')}]`);
  if (shapes[0] !== shapes[1] || prediction.dim === 0 || !floating.includes(prediction.dtype))
    throw new NoduleTrainError(
      'torch',
      `${name}: found a prediction of ${prediction.dtype} ${shapes[0]} and a target ${shapes[1]}; wanted is a floating-point prediction [B, ...] and a target of the same shape`,
    );
  const wide = prediction.dtype === 'float64' ? 'float64' : 'float32';
  return [prediction.to(wide), target.to(wide)];
};
