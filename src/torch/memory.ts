import { NoduleTrainError } from '../runtime/index.js';
import { native } from './native.js';

export interface Memory {
  /** Live Tensor objects of this thread. */
  handles: number;
  /** Bytes in live tensors of the whole process, as libtorch's allocators count them; CUDA over all its devices. */
  bytes: { cpu: number; cuda: number };
}

export function memory(): Memory {
  const { handles, cpu, cuda } = native().memory();
  return { handles, bytes: { cpu, cuda } };
}

/** Gives freed blocks that are kept for reuse back to the system, on every device. */
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
