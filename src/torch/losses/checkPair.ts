import { NoduleTrainError } from '../../runtime/index.js';
import { isTensor, type Tensor } from '../tensor/tensor.js';

const floating = new Set(['float16', 'bfloat16', 'float32', 'float64']);

/**
 * Checks that prediction and target have the same shape [B, ...] and device, and real dtypes.
 * @throws NoduleTrainError `torch`
 */
export function checkPair(loss: string, prediction: Tensor, target: Tensor): void {
  for (const [name, value] of Object.entries({ prediction, target }))
    if (!isTensor(value))
      throw new NoduleTrainError('torch', `${loss}: the ${name} is ${typeof value}, expected a Tensor`);
  const same = prediction.shape.join() === target.shape.join() && prediction.device === target.device;
  const real = floating.has(prediction.dtype) && !/complex/i.test(target.dtype);
  if (same && real && prediction.shape.length > 0) return;
  const shown = ({ dtype, shape, device }: Tensor) => `${dtype} [${shape.join(', ')}] on ${device}`;
  throw new NoduleTrainError(
    'torch',
    `${loss}: the prediction is ${shown(prediction)}, the target ${shown(target)}, ` +
      'expected a floating-point prediction and a target of the same shape [B, ...] and device',
  );
}
