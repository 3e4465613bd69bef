import { types } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import { native, type Slot } from '../native.js';
import { shown } from '../shown.js';
import { torchError } from '../torchError.js';
import type { Tensor } from './tensor.js';
import { fromSlot, isTensor, slotOf } from './tensorHandle.js';

/**
 * Token of a tensor that is passed to other threads of the same process: plain data. A copy of it is the same token,
 * and changing it gives no further use.
 */
export interface SharedTensor {
  readonly sharedTensor: number;
  readonly process: number;
}

export interface ShareOptions {
  /** How often `fromShared` may take the tensor (1), or `'many'` until it is revoked. */
  uses?: number | 'many' | undefined;
}

/** Tokens by name, as `shareState` returns them. */
export interface SharedState {
  readonly [name: string]: SharedTensor;
}

const MANY = -1;

/** Returns the number of uses for the addon. @throws NoduleTrainError `share` */
const usesOf = (what: string, options: ShareOptions): number => {
  const fail = (found: string, expected: string): never => {
    throw new NoduleTrainError('share', `${what}: found ${found}, expected ${expected}`);
  };
  if (typeof options !== 'object' || options === null) return fail(shown(options), 'options like { uses: 4 }');
  const unknown = Object.keys(options).find((name) => name !== 'uses');
  if (unknown !== undefined) return fail(`the option ${unknown}`, 'uses');
  const { uses = 1 } = options;
  if (uses === 'many') return MANY;
  if (!Number.isSafeInteger(uses) || uses < 1)
    return fail(`uses ${shown(uses)}`, "an integer of at least 1, or 'many'");
  return uses;
};

const share = (what: string, slot: Slot, uses: number): SharedTensor => {
  try {
    return { sharedTensor: native().share(slot, uses), process: process.pid };
  } catch (cause) {
    throw new NoduleTrainError('share', `${what}: ${torchError(cause).message}`, { cause });
  }
};

export function shareSlot(slot: Slot, options: ShareOptions): SharedTensor {
  return share('share()', slot, usesOf('share()', options));
}

const numberOf = (what: string, token: SharedTensor): number => {
  const { sharedTensor, process: pid } = (token ?? {}) as Partial<SharedTensor>;
  if (!Number.isSafeInteger(sharedTensor) || !Number.isSafeInteger(pid))
    throw new NoduleTrainError(
      'share',
      `${what}: found ${shown(token)}, expected the token returned by tensor.share()`,
    );
  if (pid !== process.pid)
    throw new NoduleTrainError(
      'share',
      `${what}: the token is from process ${pid}, expected ${process.pid}: ` +
        'memory is shared only between threads of one process',
    );
  return sharedTensor as number;
};

const take = (what: string, number: number): Tensor => {
  const slot = native().takeShared(number);
  if (slot === null)
    throw new NoduleTrainError(
      'share',
      `${what}: tensor ${number} was already taken or revoked, or the thread that shared it has ended. ` +
        "Call share() again, or share({ uses: 'many' }) for a pool.",
    );
  return fromSlot(slot);
};

/**
 * Returns a Tensor of this thread over the memory behind a token of `tensor.share()`. A leaf that requires a gradient
 * does so here too, with its own gradient.
 * @throws NoduleTrainError `share` if it was used up or revoked, or the thread that shared it has ended
 */
export function fromShared(token: SharedTensor): Tensor {
  return take('fromShared', numberOf('fromShared', token));
}

/**
 * Ends a token of `tensor.share()`, in any thread. The memory is freed with the last tensor over it; those already
 * taken stay. Returns false if the token was used up, revoked or freed.
 */
export function revokeShared(token: SharedTensor): boolean {
  return native().revokeShared(numberOf('revokeShared', token));
}

/**
 * Shares each tensor of a state (`module.stateDict()`) and returns the tokens by name, for `workerData` or
 * `postMessage`. A tensor under several names gets one token, and is one tensor again where it is taken.
 * @throws NoduleTrainError `share`; then nothing is shared
 */
export function shareState(
  state: ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor },
  options: ShareOptions = {},
): SharedState {
  const uses = usesOf('shareState', options);
  if (typeof state !== 'object' || state === null)
    throw new NoduleTrainError('share', `shareState: found ${shown(state)}, expected a Map or an object of Tensors`);
  const tokens = new Map<Tensor, SharedTensor>();
  const names: [string, SharedTensor][] = [];
  try {
    for (const [name, value] of types.isMap(state) ? state : Object.entries(state)) {
      if (!isTensor(value))
        throw new NoduleTrainError(
          'share',
          `shareState: ${typeof name === 'string' ? name : shown(name)} is ${shown(value)}, expected a Tensor`,
        );
      const token = tokens.get(value) ?? share(`shareState: ${name}`, slotOf(value), uses);
      tokens.set(value, token);
      names.push([name, token]);
    }
  } catch (error) {
    for (const token of tokens.values()) revokeShared(token);
    throw error;
  }
  return Object.fromEntries(names);
}

/**
 * Takes the tensors of `shareState`, once each, by name: the same memory, for `functional` and other operators without
 * a copy, or for `module.loadStateDict`, which copies.
 * @throws NoduleTrainError `share` naming the first that cannot be taken; those before it are released
 */
export function fromSharedState(shared: SharedState): Map<string, Tensor> {
  const taken = new Map<number, Tensor>();
  const state = new Map<string, Tensor>();
  try {
    for (const [name, token] of tokensOf('fromSharedState', shared)) {
      const what = `fromSharedState: ${name}`;
      const number = numberOf(what, token);
      const one = taken.get(number) ?? take(what, number);
      taken.set(number, one);
      state.set(name, one);
    }
  } catch (error) {
    for (const one of taken.values()) one.dispose();
    throw error;
  }
  return state;
}

/** Ends the tokens of `shareState`, in any thread. Returns how many of them could still be taken. */
export function revokeSharedState(shared: SharedState): number {
  const tokens = tokensOf('revokeSharedState', shared).map(([name, token]) =>
    numberOf(`revokeSharedState: ${name}`, token),
  );
  return tokens.filter((number) => native().revokeShared(number)).length;
}

const tokensOf = (what: string, shared: SharedState): [string, SharedTensor][] => {
  if (typeof shared !== 'object' || shared === null)
    throw new NoduleTrainError('share', `${what}: found ${shown(shared)}, expected the result of shareState()`);
  return Object.entries(shared);
};
