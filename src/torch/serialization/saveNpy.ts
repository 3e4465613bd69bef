import { NoduleTrainError } from '../../runtime/error.js';
import { isTensor, type Tensor } from '../tensor.js';
import { atomicWrite, atomicWriteSync } from './atomicWrite.js';
import { npyHeader } from './npyHeader.js';
import { tensorToBytes } from './tensorBytes.js';

/** Header and values. */
export const npyChunks = (what: string, tensor: Tensor): [Uint8Array, Uint8Array] => {
  if (!isTensor(tensor))
    throw new NoduleTrainError(
      'tensors',
      `${what}: the value is ${tensor === null ? 'null' : typeof tensor}, no Tensor`,
    );
  const header = npyHeader(tensor.dtype, tensor.shape);
  if (header === null)
    throw new NoduleTrainError(
      'npy',
      `${what}: NumPy has no ${tensor.dtype}; convert the tensor first: tensor.to('float32')`,
    );
  return [header, tensorToBytes(tensor)];
};

/**
 * Writes an array that NumPy's `load` opens, row-major. Never seen half-written; the values are those at the call.
 * @throws NoduleTrainError `npy` for bfloat16, which NumPy has not, `tensors`, `disk-full`, `write-failed`
 */
export async function saveNpy(path: string, tensor: Tensor): Promise<void> {
  await atomicWrite(path, npyChunks('saveNpy', tensor));
}

/** As {@link saveNpy}, blocking. */
export function saveNpySync(path: string, tensor: Tensor): void {
  atomicWriteSync(path, npyChunks('saveNpySync', tensor));
}
