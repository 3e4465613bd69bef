import { native } from './native.js';

export interface Memory {
  /** Live Tensor objects of this thread. */
  handles: number;
  /**
   * Bytes in live tensors of the whole process, as counted by libtorch's allocators; CUDA is the sum of all devices.
   */
  bytes: { cpu: number; cuda: number };
  /** Tokens of `share()` of this thread that can still be taken; each keeps its tensor's memory. */
  shared: number;
}

/** Returns the memory in use by tensors. */
export function memory(): Memory {
  const { handles, cpu, cuda, shared } = native().memory();
  return { handles, bytes: { cpu, cuda }, shared };
}

/** Returns freed blocks that are cached for reuse to the system, on every device. */
export function emptyCache(): void {
  native().emptyCache();
}
