import { NoduleTrainError } from '../../runtime/error.js';
import { native, type Slot } from '../native.js';
import type { Tensor } from './tensor.js';
import { fromSlot } from './tensorHandle.js';
import { torchError } from '../torchError.js';

/** Names a tensor on its way to another thread of the same process; plain data, good for one `fromShared`. */
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
    throw new NoduleTrainError('share', `${what}: wanted is the token that tensor.share() gave`);
  if (pid !== process.pid)
    throw new NoduleTrainError(
      'share',
      `${what}: the token is of process ${pid} and this is ${process.pid}; memory is shared between threads of one process only`,
    );
  return sharedTensor as number;
};

/**
 * Takes the tensor behind a token of `tensor.share()`: a Tensor of this thread over the same memory. A leaf that requires a
 * gradient does so here too, with a gradient of its own.
 * @throws NoduleTrainError `share` where it was taken or revoked before, or the thread that shared it has ended
 */
export function fromShared(token: SharedTensor): Tensor {
  const number = numberOf('fromShared', token);
  const slot = native().takeShared(number);
  if (slot === null)
    throw new NoduleTrainError(
      'share',
      `fromShared: tensor ${number} is not there: it was taken or revoked, or the thread that shared it has ended. share() it again`,
    );
  return fromSlot(slot);
}

/** Lets go of a shared tensor that nobody took. False where it was not there any more. */
export function revokeShared(token: SharedTensor): boolean {
  return native().revokeShared(numberOf('revokeShared', token));
}
