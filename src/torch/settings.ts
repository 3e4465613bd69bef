import { availableParallelism } from 'node:os';
import { NoduleTrainError } from '../runtime/index.js';
import { native } from './native.js';
import { shown } from './shown.js';

declare module './native.js' {
  interface Native {
    setAllowTf32(allow: boolean): void;
  }
}

/**
 * Allows float32 products on CUDA to round their factors to a 10-bit mantissa (TF32), which is several times as fast.
 * libtorch's default allows it for convolutions and not for matrix products.
 */
export function setAllowTf32(allow: boolean): void {
  native().setAllowTf32(allow);
}

/** Restricts cuDNN to algorithms whose results are bit-identical in each run. */
export function setDeterministic(on: boolean): void {
  native().setDeterministic(on);
}

/**
 * Seeds libtorch's generator, which `rand`, `randn`, initial weights and dropout use.
 * @throws NoduleTrainError `seed`
 */
export function manualSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new NoduleTrainError('seed', `manualSeed: the seed is ${shown(seed)}, expected a non-negative integer`);
  native().manualSeed(seed);
}

/** More threads than this for each core only take turns, and each takes memory for its stack. */
const MOST_PER_CORE = 4;

/**
 * Sets the number of threads that one operator may use: at most 64, or four for each core if those are more.
 * @throws NoduleTrainError `threads`
 */
export function setNumThreads(count: number): void {
  const most = Math.max(64, MOST_PER_CORE * availableParallelism());
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new NoduleTrainError(
      'threads',
      `setNumThreads: the count is ${shown(count)}, expected an integer from 1 to ${most}`,
    );
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
