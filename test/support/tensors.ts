import { createHash } from 'node:crypto';
import type { Tensor } from '../../dist/torch/index.js';

/** SHA-256 of a tensor's values, on any device. */
export const sha256 = (tensor: Tensor): string => {
  const { buffer, byteOffset, byteLength } = tensor.to('cpu').contiguous().data();
  return createHash('sha256')
    .update(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength))
    .digest('hex');
};

/** Values of a tensor on any device, in the order of its indices. */
export const numbers = (tensor: Tensor): number[] =>
  [tensor.to('cpu').to('float64').flatten().toArray()].flat(9) as number[];

/** The largest difference of two tensors of equally many values. */
export const farthest = (a: Tensor, b: Tensor): number => {
  const [left, right] = [numbers(a), numbers(b)];
  if (left.length !== right.length) throw new Error(`${left.length} values and ${right.length} cannot be compared`);
  return Math.max(...left.map((value, i) => Math.abs(value - right[i]!)));
};
