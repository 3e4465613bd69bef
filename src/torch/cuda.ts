import { NoduleTrainError, warnOfUnusedGpu, whyNoCuda } from '../runtime/index.js';
import { type CudaMemory, native } from './native.js';
import type { Device } from './tensor/dtype.js';
import { cudaMissing, torchError } from './torchError.js';

type CudaDevice = Exclude<Device, 'cpu'>;

const there = <T>(what: string, call: () => T): T => {
  const missing = cudaMissing();
  if (missing !== null) throw new NoduleTrainError('cuda-missing', `${what}: ${missing}`);
  try {
    return call();
  } catch (cause) {
    throw torchError(cause, what);
  }
};

/** State and control of CUDA devices. All but the first three throw `cuda-missing` if CUDA cannot be used. */
export const cuda = {
  /** Whether tensors can go to a GPU. If there is one that cannot be used, a warning gives the reason once. */
  isAvailable: (): boolean => {
    const available = native().cudaIsAvailable();
    if (!available) warnOfUnusedGpu();
    return available;
  },
  /** Why `isAvailable()` is false, in one line; null if it is true. */
  unavailableReason: (): string | null => (native().cudaIsAvailable() ? null : whyNoCuda()),
  /** Number of CUDA devices; 0 if CUDA cannot be used. */
  deviceCount: (): number => native().cudaDeviceCount(),
  /** Memory that libtorch's caching allocator holds on a device, in bytes. */
  memory: (device: CudaDevice = 'cuda'): CudaMemory => there('cuda.memory()', () => native().cudaMemory(device)),
  /** Resets `memory().peak` to what is allocated now. */
  resetPeak: (device: CudaDevice = 'cuda'): void => there('cuda.resetPeak()', () => native().cudaResetPeak(device)),
  /** Waits until the device has finished all queued work, for example before a time is measured. */
  synchronize: (device: CudaDevice = 'cuda'): void =>
    there('cuda.synchronize()', () => native().cudaSynchronize(device)),
};
