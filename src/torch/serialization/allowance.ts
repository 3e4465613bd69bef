import { NoduleTrainError } from '../../runtime/index.js';
import type { OpenFile } from './reading.js';

// A description takes many times its bytes once in memory: an empty dict is one byte in a pickle and two hundred here.
const BESIDE_THE_FILE = 48 * 2 ** 20;

/** Takes bytes from what reading a file may allocate. @throws NoduleTrainError if too little is left */
export type Spend = (bytes: number) => void;

/**
 * Limits what a reader may allocate besides the values of the tensors: the size of the file plus 48 MiB. No ordinary
 * file comes near it; one made to exhaust memory is refused before it does.
 */
export const allowance = ({ path, size }: OpenFile, code: string): Spend => {
  let left = size + BESIDE_THE_FILE;
  return (bytes) => {
    left -= bytes;
    if (!(left >= 0))
      throw new NoduleTrainError(
        code,
        `reading ${path}: its contents need more memory than a file of ${size} bytes may use. ` +
          'The file is damaged, or crafted to exhaust memory.',
      );
  };
};

/** Bytes of a Tensor object with its place in the addon's table, without its values. */
export const TENSOR_COST = 1000;
/** Most dimensions of a tensor in a file: libtorch's kernels support no more. */
export const MOST_DIMENSIONS = 64;

/** Bytes of a tensor of this shape; null beyond 2^53, which the strides of an empty tensor may be too. */
export const bytesOfShape = (shape: readonly number[], width: number): number | null => {
  const strided = shape.reduce((product, size) => product * Math.max(size, 1), width);
  return Number.isSafeInteger(strided) ? (shape.includes(0) ? 0 : strided) : null;
};
