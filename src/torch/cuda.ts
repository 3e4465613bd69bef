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

/** Figures and control of CUDA devices. All but the first three throw `cuda-missing` where CUDA cannot be used. */
export const cuda = {
  /** Whether tensors can go to a GPU. Where one is there and cannot be used, a warning says once why. */
  isAvailable: (): boolean => {
    const available = native().cudaIsAvailable();
    if (!available) warnOfUnusedGpu();
    return available;
  },
  /** Why `isAvailable()` is false, in one line; null where it is true. */
  unavailableReason: (): string | null => (native().cudaIsAvailable() ? null : whyNoCuda()),
  /** 0 where CUDA cannot be used. */
  deviceCount: (): number => native().cudaDeviceCount(),
  /** What libtorch's caching allocator holds on a device, in bytes. */
  memory: (device: CudaDevice = 'cuda'): CudaMemory => there('cuda.memory()', () => native().cudaMemory(device)),
  /** Starts `memory().peak` anew. */
  resetPeak: (device: CudaDevice = 'cuda'): void => there('cuda.resetPeak()', () => native().cudaResetPeak(device)),
  /** Waits until the device has done all that was asked of it: before a time is taken. */
  synchronize: (device: CudaDevice = 'cuda'): void =>
    there('cuda.synchronize()', () => native().cudaSynchronize(device)),
};
