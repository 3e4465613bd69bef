import { NoduleTrainError } from '../runtime/index.js';
import { cuda } from './cuda.js';
import type { Device } from './tensor/dtype.js';

/**
 * The device that a run's `device` means here.
 * @throws NoduleTrainError `device` where a wanted GPU cannot be used
 */
export function chooseDevice(wanted: string): Device {
  if (wanted === 'cpu') return 'cpu';
  const available = cuda.isAvailable();
  if (wanted === 'auto') return available ? 'cuda' : 'cpu';
  const number = Number(wanted.split(':')[1] ?? 0);
  const count = available ? cuda.deviceCount() : 0;
  if (number < count) return wanted as Device;
  throw new NoduleTrainError(
    'device',
    `choosing the device ${wanted}: ${count === 0 ? `no usable CUDA GPU was found (${cuda.unavailableReason()})` : `only ${count} CUDA GPUs were found`}. ` +
      'Take --device cpu, or run `npx nodule-train doctor`, which says what is missing.',
  );
}
