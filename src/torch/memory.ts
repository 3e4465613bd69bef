import { NoduleTrainError } from '../runtime/index.js';
import { native } from './native.js';

export interface Memory {
  /** Live Tensor objects of this thread. */
  handles: number;
  /**
   * Bytes in live tensors of the whole process, as counted by libtorch's allocators; CUDA is the sum of all devices.
   */
  bytes: { cpu: number; cuda: number };
}

/** Returns the memory in use by tensors. */
export function memory(): Memory {
  const { handles, cpu, cuda } = native().memory();
  return { handles, bytes: { cpu, cuda } };
}

/** Returns freed blocks that are cached for reuse to the system, on every device. */
export function emptyCache(): void {
  native().emptyCache();
}

/**
 * Seeds libtorch's generator, which `rand`, `randn`, initial weights and dropout use.
 * @throws NoduleTrainError `seed`
 */
export function manualSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new NoduleTrainError('seed', `manualSeed: the seed is ${seed}, expected a non-negative integer`);
  native().manualSeed(seed);
}

/** Sets the number of threads that one operator may use. @throws NoduleTrainError `threads` */
export function setNumThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > 1024)
    throw new NoduleTrainError('threads', `setNumThreads: the count is ${count}, expected an integer from 1 to 1024`);
  native().setNumThreads(count);
}

/** Returns the number of threads that one operator may use. */
export function getNumThreads(): number {
  return native().getNumThreads();
}

/** Returns the instruction set that libtorch's kernels use on this machine: `DEFAULT`, `AVX2`, `AVX512` … */
export function cpuCapability(): string {
  return native().cpuCapability();
}
