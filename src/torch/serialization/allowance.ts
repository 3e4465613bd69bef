import { NoduleTrainError } from '../../runtime/index.js';
import type { OpenFile } from './reading.js';

// What a description in a file becomes in memory is many times its bytes: an empty dict is one byte in a pickle and two hundred here.
const BESIDE_THE_FILE = 48 * 2 ** 20;

/** Takes from what reading a file may allocate. @throws NoduleTrainError where too little is left */
export type Spend = (bytes: number) => void;

/**
 * What a reader may hold beside the values of the tensors: as much as the file has bytes, and 48 MiB. No file of tensors comes
 * near it; one that was made to fill the memory is refused before it does.
 */
export const allowance = ({ path, size }: OpenFile, code: string): Spend => {
  let left = size + BESIDE_THE_FILE;
  return (bytes) => {
    left -= bytes;
    if (!(left >= 0))
      throw new NoduleTrainError(
        code,
        `${path}: what it describes takes more memory than reading a file of ${size} bytes may take; it is damaged, or made to fill the memory`,
      );
  };
};

/** A Tensor object with its place in the addon's table, without its values. */
export const TENSOR_COST = 1000;
/** libtorch itself goes further, but no kernel does. */
export const MOST_DIMENSIONS = 64;

/** Bytes that a tensor of this shape takes; null where that is beyond 2^53, also where it is only an empty one's strides. */
export const bytesOfShape = (shape: readonly number[], width: number): number | null => {
  const strided = shape.reduce((product, size) => product * Math.max(size, 1), width);
  return Number.isSafeInteger(strided) ? (shape.includes(0) ? 0 : strided) : null;
};
