import { NoduleTrainError } from '../../runtime/index.js';
import { native } from '../native.js';
import { refusePromise, requireFunction, type Synchronous } from '../scope.js';
import { shown } from '../shown.js';
import type { DType } from '../tensor/dtype.js';

function withGradients<T>(name: string, enabled: boolean, fn: () => T): T {
  requireFunction(name, fn);
  const before = native().setGradEnabled(enabled);
  try {
    const result = fn();
    refusePromise(name, result);
    return result;
  } finally {
    native().setGradEnabled(before);
  }
}

/** Runs `fn` without recording gradients. @throws NoduleTrainError `promise-in-scope` if `fn` returns a promise */
export function noGrad<T>(fn: (() => T) & Synchronous<T>): T {
  return withGradients('noGrad', false, fn);
}

/**
 * Runs `fn` with recording, inside of `noGrad`.
 * @throws NoduleTrainError `promise-in-scope` if `fn` returns a promise
 */
export function enableGrad<T>(fn: (() => T) & Synchronous<T>): T {
  return withGradients('enableGrad', true, fn);
}

/**
 * Runs `fn` in inference mode: as `noGrad`, and what is made inside can never take part in a graph, which saves its
 * bookkeeping. `enabled: false` leaves the mode of an enclosing call for the time of `fn`.
 * @throws NoduleTrainError `promise-in-scope` if `fn` returns a promise
 */
export function inferenceMode<T>(fn: (() => T) & Synchronous<T>, options: { enabled?: boolean | undefined } = {}): T {
  requireFunction('inferenceMode', fn);
  return native().inInferenceMode(options.enabled ?? true, () => {
    const result = fn();
    refusePromise('inferenceMode', result);
    return result;
  });
}

/** Whether operators record gradients. */
export function isGradEnabled(): boolean {
  return native().isGradEnabled();
}

/** Whether the code runs inside of `inferenceMode`. */
export function isInferenceModeEnabled(): boolean {
  return native().isInferenceModeEnabled();
}

/** Options of `autocast`. */
export interface AutocastOptions {
  device?: 'cpu' | 'cuda' | undefined;
  dtype?: Extract<DType, 'bfloat16' | 'float16'> | undefined;
  /** `false` switches it off inside an enclosing autocast. */
  enabled?: boolean | undefined;
}

/**
 * Runs `fn` with matrix products and convolutions in a lower precision.
 * On the CPU this is slower than float32 unless the processor has AVX-512 bf16 or AMX.
 * @throws NoduleTrainError `promise-in-scope` if `fn` returns a promise
 */
export function autocast<T>(
  fn: (() => T) & Synchronous<T>,
  { device = 'cpu', dtype = 'bfloat16', enabled = true }: AutocastOptions = {},
): T {
  requireFunction('autocast', fn);
  if (dtype !== 'bfloat16' && dtype !== 'float16')
    throw new NoduleTrainError('dtype', `autocast: the dtype is ${shown(dtype)}, expected 'bfloat16' or 'float16'`);
  if (device !== 'cpu' && device !== 'cuda')
    throw new NoduleTrainError('device', `autocast: the device is ${shown(device)}, expected 'cpu' or 'cuda'`);
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
 * Captures the current grad mode, inference mode and autocast for asynchronous code, which continues after an `await`
 * when `noGrad` and the others have ended. Returns a function that calls its argument under the captured modes.
 */
export function carryModes(): <T>(fn: () => T) => T {
  const modes = native().captureModes();
  return (fn) => native().callWithModes(modes, fn);
}
