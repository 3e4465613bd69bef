import { NoduleTrainError } from '../runtime/index.js';
import { native } from './native.js';
import { isTensor, rawSlot, release, type Tensor } from './tensor/tensor.js';

/** Tensors made in each open scope, innermost last. */
const open: Tensor[][] = [];

/** The net below explicit lifetimes: frees what was made outside every scope once its object is gone. */
const collected = new FinalizationRegistry<number>((slot) => native().dispose(slot));

const leaveToCollector = (tensor: Tensor, slot: number): void => {
  collected.register(tensor, slot, tensor);
  native().watch(slot);
};

/** Every new tensor comes through here: it belongs to the innermost scope, or to the garbage collector's net. */
export function track(tensor: Tensor, slot: number): void {
  const innermost = open[open.length - 1];
  if (innermost !== undefined) innermost.push(tensor);
  else leaveToCollector(tensor, slot);
}

/** A tensor that belongs to an object (a parameter, a gradient), whichever scope is open. */
export function trackOwned(tensor: Tensor, slot: number): void {
  leaveToCollector(tensor, slot);
}

export function forget(tensor: Tensor): void {
  collected.unregister(tensor);
}

const collectTensors = (value: unknown, found: Set<Tensor>, seen: Set<object>): void => {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (isTensor(value)) found.add(value);
  else if (Array.isArray(value) || value instanceof Set) for (const item of value) collectTensors(item, found, seen);
  else if (value instanceof Map) for (const item of value.values()) collectTensors(item, found, seen);
  else if (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)
    for (const item of Object.values(value)) collectTensors(item, found, seen);
};

export const isPromise = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

/** What the state of a thread is set for cannot wait: other code would run in between. */
export const refusePromise = (name: string, result: unknown): void => {
  if (isPromise(result))
    throw new NoduleTrainError(
      'promise-in-scope',
      `${name}(fn): fn returned a promise; wanted is a synchronous function`,
    );
};

/**
 * Runs `fn` and frees every tensor made in it but those that it returns (also within arrays, Maps, Sets and plain
 * objects); these belong to the scope around it. Scopes nest. If `fn` throws, all are freed.
 *
 * @throws NoduleTrainError `promise-in-scope` where `fn` returns a promise
 */
export function scope<T>(fn: () => T): T {
  const made: Tensor[] = [];
  open.push(made);
  const kept = new Set<Tensor>();
  try {
    const result = fn();
    refusePromise('scope', result);
    collectTensors(result, kept, new Set());
    return result;
  } finally {
    open.pop();
    const slots: number[] = [];
    for (const tensor of made) {
      if (rawSlot(tensor) < 0) continue;
      if (kept.has(tensor)) track(tensor, rawSlot(tensor));
      else slots.push(release(tensor));
    }
    if (slots.length > 0) native().disposeAll(slots);
  }
}

/** Takes a tensor out of the open scope: it then lives until it is disposed or collected. */
export function keep(tensor: Tensor): Tensor {
  for (const made of open) {
    const place = made.lastIndexOf(tensor);
    if (place >= 0) {
      made.splice(place, 1);
      trackOwned(tensor, rawSlot(tensor));
    }
  }
  return tensor;
}
