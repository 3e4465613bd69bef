import { NoduleTrainError, replaceFile, replaceFileSync } from '../../../runtime/index.js';
import { isTensor, type Tensor } from '../../tensor/tensor.js';
import { type FilePath, pathOf } from '../fileSource.js';
import { requireStorable, tensorsToBytes, tensorToBytes } from '../tensorBytes.js';
import { npyHeader } from './npyHeader.js';

/** Makes the header of a tensor's file. @throws NoduleTrainError `tensors`, `npy` */
export const npyHead = (what: string, tensor: Tensor): Uint8Array => {
  if (!isTensor(tensor))
    throw new NoduleTrainError(
      'tensors',
      `${what}: the value is ${tensor === null ? 'null' : typeof tensor}, expected a Tensor`,
    );
  requireStorable(what, 'the tensor', tensor);
  const header = npyHeader(tensor.dtype, tensor.shape);
  if (header === null)
    throw new NoduleTrainError(
      'npy',
      `${what}: NumPy has no ${tensor.dtype}. Convert the tensor first: tensor.to('float32').`,
    );
  return header;
};

const chunksOf = async (tensor: Tensor): Promise<Uint8Array[]> => [
  npyHead('saveNpy', tensor),
  ...(await tensorsToBytes('saveNpy', [tensor])),
];

const chunksOfSync = (tensor: Tensor): Uint8Array[] => [npyHead('saveNpySync', tensor), tensorToBytes(tensor)];

/**
 * Writes a row-major array for NumPy's `load`, atomically. The tensor may be disposed at once, but must not be written
 * to until the promise resolves.
 * @throws NoduleTrainError `npy` for bfloat16, which NumPy lacks, `tensors`, `tensor-changed`, `disk-full`,
 *   `write-failed`
 */
export async function saveNpy(file: FilePath, tensor: Tensor): Promise<void> {
  const path = pathOf('saveNpy', file);
  await replaceFile(path, await chunksOf(tensor));
}

/** Blocking version of {@link saveNpy}; the values are those at the call. */
export function saveNpySync(file: FilePath, tensor: Tensor): void {
  replaceFileSync(pathOf('saveNpySync', file), chunksOfSync(tensor));
}

/** Makes the bytes of a file of {@link saveNpy}. */
export async function encodeNpy(tensor: Tensor): Promise<Buffer> {
  return Buffer.concat(await chunksOf(tensor));
}

/** Blocking version of {@link encodeNpy}. */
export function encodeNpySync(tensor: Tensor): Buffer {
  return Buffer.concat(chunksOfSync(tensor));
}
