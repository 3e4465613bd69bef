import { NoduleTrainError } from '../runtime/index.js';
import { native } from './native.js';
import { shown } from './shown.js';

export interface Memory {
  /** Live Tensor objects of this thread. */
  handles: number;
  /**
   * Bytes in live tensors of the whole process, as counted by libtorch's allocators; CUDA is the sum of all devices.
   */
  bytes: { cpu: number; cuda: number };
  /** Bytes of freed blocks of the CPU that the process keeps for reuse; see `setCacheLimit` and `emptyCache`. */
  cached: number;
  /** Tokens of `share()` of this thread that can still be taken; each keeps its tensor's memory. */
  shared: number;
}

/** Returns the memory in use by tensors. */
export function memory(): Memory {
  const { handles, cpu, cpuKept, cuda, shared } = native().memory();
  return { handles, bytes: { cpu, cuda }, cached: cpuKept, shared };
}

/**
 * Limits the bytes of freed blocks that are kept for reuse on the CPU, for the whole process; 768 MiB at first. With 0,
 * every block returns to the system at once, and work on large tensors takes up to three times as long.
 * @throws NoduleTrainError `cache-limit`
 */
export function setCacheLimit(bytes: number): void {
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw new NoduleTrainError(
      'cache-limit',
      `setCacheLimit: the limit is ${shown(bytes)}, expected a number of bytes of at least 0`,
    );
  native().setCacheLimit(bytes);
}

/** Returns freed blocks that are cached for reuse to the system, on every device. */
export function emptyCache(): void {
  native().emptyCache();
}
