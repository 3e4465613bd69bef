import { autocast, type Device } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import type { StepParts } from '../step.js';

/**
 * Wraps a network for a precision: with `bf16` its convolutions run in bfloat16 and its output is cast back to float32.
 */
export function withPrecision(
  net: StepParts['net'],
  precision: TrainConfig['precision'],
  device: Device,
): StepParts['net'] {
  if (precision === 'float32') return net;
  const kind = device === 'cpu' ? 'cpu' : 'cuda';
  return { forward: (image) => autocast(() => net.forward(image), { device: kind }).to('float32') };
}
