import { types } from 'node:util';
import { NoduleTrainError } from '../runtime/index.js';
import { native } from './native.js';
import { isPlainObject } from './plainObject.js';
import { shown } from './shown.js';
import type { Tensor } from './tensor/tensor.js';
import { isTensor, openScopes, rawSlot, release, track, trackOwned } from './tensor/tensorHandle.js';

const collectTensors = (value: unknown, found: Set<Tensor>, seen: Set<object>): void => {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (isTensor(value)) found.add(value);
  else if (Array.isArray(value) || types.isSet(value)) for (const item of value) collectTensors(item, found, seen);
  else if (types.isMap(value)) for (const item of value.values()) collectTensors(item, found, seen);
  else if (isPlainObject(value)) for (const item of Object.values(value)) collectTensors(item, found, seen);
};

export const isPromise = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

/** Fits no function that returns a promise: what it does after its first `await` would run outside. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : unknown;

/** @throws NoduleTrainError `torch` unless `fn` is a function */
export const requireFunction = (name: string, fn: unknown): void => {
  if (typeof fn !== 'function')
    throw new NoduleTrainError('torch', `${name}(fn): found ${shown(fn)}, expected a function`);
};

/** Refuses a promise: other code would run before it resolves, under a state that was set for this call alone. */
export const refusePromise = (name: string, result: unknown): void => {
  if (types.isGeneratorObject(result))
    throw new NoduleTrainError(
      'promise-in-scope',
      `${name}(fn): fn is a generator, whose code runs only after the call; expected a function. Iterate inside fn.`,
    );
  if (isPromise(result))
    throw new NoduleTrainError(
      'promise-in-scope',
      `${name}(fn): fn returned a promise, expected a synchronous function. Await before or after the call.`,
    );
};

/**
 * Runs `fn` and frees every tensor made inside, except those it returns (alone or within arrays, Maps, Sets and plain
 * objects), which then belong to the enclosing scope. Scopes nest. If `fn` throws, all are freed.
 * @throws NoduleTrainError `promise-in-scope` if `fn` returns a promise
 */
export function scope<T>(fn: (() => T) & Synchronous<T>): T {
  requireFunction('scope', fn);
  const made: Tensor[] = [];
  openScopes.push(made);
  const kept = new Set<Tensor>();
  try {
    const result = fn();
    refusePromise('scope', result);
    collectTensors(result, kept, new Set());
    return result;
  } finally {
    openScopes.pop();
    const slots: number[] = [];
    for (const tensor of made) {
      if (rawSlot(tensor) < 0) continue;
      if (kept.has(tensor)) track(tensor, rawSlot(tensor));
      else slots.push(release(tensor));
    }
    if (slots.length > 0) native().disposeAll(slots);
  }
}

/** Takes a tensor out of the open scope and returns it: it lives until it is disposed or garbage-collected. */
export function keep(tensor: Tensor): Tensor {
  if (!isTensor(tensor)) throw new NoduleTrainError('torch', `keep(): found ${shown(tensor)}, expected a Tensor`);
  for (const made of openScopes) {
    const place = made.lastIndexOf(tensor);
    if (place >= 0) {
      made.splice(place, 1);
      trackOwned(tensor, rawSlot(tensor));
    }
  }
  return tensor;
}
