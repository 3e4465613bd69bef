import { native } from './native.js';
import { refusePromise } from './scope.js';
import type { DType } from './tensor/dtype.js';
import type { Tensor } from './tensor/tensor.js';
import { fromSlot, slotOf } from './tensor/tensorHandle.js';

/** Runs `fn` without recording gradients. @throws NoduleTrainError `promise-in-scope` if `fn` returns a promise */
export function noGrad<T>(fn: () => T): T {
  const before = native().setGradEnabled(false);
  try {
    const result = fn();
    refusePromise('noGrad', result);
    return result;
  } finally {
    native().setGradEnabled(before);
  }
}

/**
 * Runs `fn` with matrix products and convolutions in a lower precision.
 * `enabled: false` switches it off inside an enclosing autocast.
 * On the CPU this is slower than float32 unless the processor has AVX-512 bf16 or AMX.
 * @throws NoduleTrainError `promise-in-scope` if `fn` returns a promise
 */
export function autocast<T>(
  fn: () => T,
  options: { device?: 'cpu' | 'cuda'; dtype?: Extract<DType, 'bfloat16' | 'float16'>; enabled?: boolean } = {},
): T {
  const { device = 'cpu', dtype = 'bfloat16', enabled = true } = options;
  const state = native().enterAutocast(device, dtype, enabled);
  try {
    const result = fn();
    refusePromise('autocast', result);
    return result;
  } finally {
    native().leaveAutocast(device, state);
  }
}

/**
 * Captures the current grad mode and autocast for asynchronous code, which continues after an `await` when `noGrad` and
 * `autocast` have ended. Returns a function that calls its argument under the captured modes.
 */
export function carryModes(): <T>(fn: () => T) => T {
  const modes = native().captureModes();
  return (fn) => native().callWithModes(modes, fn);
}

/**
 * Returns the gradients of `outputs` (each of one element) with respect to `inputs`; null for an input that no output
 * depends on.
 * @param options.createGraph record the gradients' own graph, for second derivatives
 */
export function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  options: { createGraph?: boolean } = {},
): (Tensor | null)[] {
  const slots = native().gradients(outputs.map(slotOf), inputs.map(slotOf), options.createGraph === true);
  return slots.map((slot) => (slot === null ? null : fromSlot(slot)));
}
