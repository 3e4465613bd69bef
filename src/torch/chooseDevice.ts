import { NoduleTrainError } from '../runtime/index.js';
import { cuda } from './cuda.js';
import type { Device } from './tensor/dtype.js';

/**
 * Resolves a run's `device` option: `auto` is the GPU if one can be used, else the CPU.
 * @throws NoduleTrainError `device` if the requested GPU cannot be used
 */
export function chooseDevice(requested: string): Device {
  if (requested === 'cpu') return 'cpu';
  const available = cuda.isAvailable();
  if (requested === 'auto') return available ? 'cuda' : 'cpu';
  const number = Number(requested.split(':')[1] ?? 0);
  const count = available ? cuda.deviceCount() : 0;
  if (number < count) return requested as Device;
  const found =
    count === 0 ? `no usable CUDA GPU was found (${cuda.unavailableReason()})` : `only ${count} CUDA GPUs were found`;
  throw new NoduleTrainError(
    'device',
    `choosing the device ${requested}: ${found}. ` +
      'Use --device cpu, or run `npx nodule-train doctor`, which reports what is missing.',
  );
}
