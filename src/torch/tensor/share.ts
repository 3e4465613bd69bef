import { NoduleTrainError } from '../../runtime/index.js';
import { native, type Slot } from '../native.js';
import { torchError } from '../torchError.js';
import type { Tensor } from './tensor.js';
import { fromSlot } from './tensorHandle.js';

/** Token of a tensor that is passed to another thread of the same process: plain data, valid for one `fromShared`. */
export interface SharedTensor {
  readonly sharedTensor: number;
  readonly process: number;
}

export function shareSlot(slot: Slot): SharedTensor {
  try {
    return { sharedTensor: native().share(slot), process: process.pid };
  } catch (cause) {
    throw new NoduleTrainError('share', `share(): ${torchError(cause).message}`, { cause });
  }
}

const numberOf = (what: string, token: SharedTensor): number => {
  const { sharedTensor, process: pid } = (token ?? {}) as Partial<SharedTensor>;
  if (!Number.isSafeInteger(sharedTensor) || !Number.isSafeInteger(pid))
    throw new NoduleTrainError(
      'share',
      `${what}: found ${token === null ? 'null' : typeof token}, expected the token returned by tensor.share()`,
    );
  if (pid !== process.pid)
    throw new NoduleTrainError(
      'share',
      `${what}: the token is from process ${pid}, expected ${process.pid}: ` +
        'memory is shared only between threads of one process',
    );
  return sharedTensor as number;
};

/**
 * Returns a Tensor of this thread over the memory behind a token of `tensor.share()`. A leaf that requires a gradient
 * does so here too, with its own gradient.
 * @throws NoduleTrainError `share` if it was already taken or revoked, or the thread that shared it has ended
 */
export function fromShared(token: SharedTensor): Tensor {
  const number = numberOf('fromShared', token);
  const slot = native().takeShared(number);
  if (slot === null)
    throw new NoduleTrainError(
      'share',
      `fromShared: tensor ${number} was already taken or revoked, ` +
        'or the thread that shared it has ended. Call share() again.',
    );
  return fromSlot(slot);
}

/** Releases a shared tensor that no thread has taken. Returns false if it was already taken, revoked or freed. */
export function revokeShared(token: SharedTensor): boolean {
  return native().revokeShared(numberOf('revokeShared', token));
}
