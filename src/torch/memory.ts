import { NoduleTrainError } from '../runtime/error.js';
import { warnOfUnusedGpu, whyNoCuda } from '../runtime/load.js';
import { native } from './native.js';

export interface Memory {
  /** Live Tensor objects of this thread. */
  handles: number;
  /** Bytes that libtorch holds, of the whole process, from its allocators. */
  bytes: { cpu: number; cuda: number };
}

export function memory(): Memory {
  const { handles, cpu } = native().memory();
  return { handles, bytes: { cpu, cuda: 0 } };
}

/** Gives freed blocks that are kept for reuse back to the system. */
export function emptyCache(): void {
  native().emptyCache();
}

/** Seeds libtorch's own generator, which `rand`, `randn` and dropout use. */
export function manualSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new NoduleTrainError('seed', `manualSeed: ${seed} is not a whole number from 0`);
  native().manualSeed(seed);
}

/** Threads that one operator may use. */
export function setNumThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > 1024)
    throw new NoduleTrainError('threads', `setNumThreads: ${count} is not a whole number from 1 to 1024`);
  native().setNumThreads(count);
}

export function getNumThreads(): number {
  return native().getNumThreads();
}

/** The instruction set that libtorch's kernels use on this machine: `DEFAULT`, `AVX2`, `AVX512` … */
export function cpuCapability(): string {
  return native().cpuCapability();
}

export const cuda = {
  /** Whether tensors can go to a GPU. Where one is there and cannot be used, a warning says once why. */
  isAvailable: (): boolean => {
    const available = native().cudaIsAvailable();
    if (!available) warnOfUnusedGpu();
    return available;
  },
  /** Why `isAvailable()` is false, in one line; null where it is true. */
  unavailableReason: (): string | null => (native().cudaIsAvailable() ? null : whyNoCuda()),
  deviceCount: (): number => native().cudaDeviceCount(),
};
