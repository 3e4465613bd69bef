import { NoduleTrainError, replaceFile, replaceFileSync } from '../../../runtime/index.js';
import { isTensor, type Tensor } from '../../tensor/tensor.js';
import { tensorsToBytes, tensorToBytes } from '../tensorBytes.js';
import { npyHeader } from './npyHeader.js';

/** Makes the header of a tensor's file. @throws NoduleTrainError `tensors`, `npy` */
export const npyHead = (what: string, tensor: Tensor): Uint8Array => {
  if (!isTensor(tensor))
    throw new NoduleTrainError(
      'tensors',
      `${what}: the value is ${tensor === null ? 'null' : typeof tensor}, expected a Tensor`,
    );
  const header = npyHeader(tensor.dtype, tensor.shape);
  if (header === null)
    throw new NoduleTrainError(
      'npy',
      `${what}: NumPy has no ${tensor.dtype}. Convert the tensor first: tensor.to('float32').`,
    );
  return header;
};

/**
 * Writes a row-major array for NumPy's `load`, atomically. The tensor may be disposed at once, but must not be written
 * to until the promise resolves.
 * @throws NoduleTrainError `npy` for bfloat16, which NumPy lacks, `tensors`, `tensor-changed`, `disk-full`,
 *   `write-failed`
 */
export async function saveNpy(path: string, tensor: Tensor): Promise<void> {
  const head = npyHead('saveNpy', tensor);
  await replaceFile(path, [head, ...(await tensorsToBytes('saveNpy', [tensor]))]);
}

/** Blocking version of {@link saveNpy}; the values are those at the call. */
export function saveNpySync(path: string, tensor: Tensor): void {
  replaceFileSync(path, [npyHead('saveNpySync', tensor), tensorToBytes(tensor)]);
}
