import { createHash } from 'node:crypto';
import { fromData, type Tensor, tensor, zeros } from '../../dist/torch/index.js';

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

/** A tensor of every dtype with its special numbers, an empty one and one without dimensions. */
export function tensorsOfEveryDtype(): Map<string, Tensor> {
  const special = [0, 1, -1, 2.5, 1e-40, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  const tensors = new Map<string, Tensor>();
  for (const dtype of ['float32', 'float64', 'float16', 'bfloat16'] as const)
    tensors.set(dtype, tensor(special, { dtype }).view(2, 4));
  for (const dtype of ['int8', 'int16', 'int32', 'int64'] as const)
    tensors.set(dtype, tensor([0, -128, 127], { dtype }));
  tensors.set('uint8', fromData(new Uint8Array([0, 128, 255])));
  tensors.set('int64 far', fromData(new BigInt64Array([2n ** 63n - 1n, -(2n ** 63n)])));
  tensors.set('bool', tensor([[true], [false]]));
  tensors.set('empty', zeros([3, 0, 2]));
  tensors.set('scalar', tensor(Math.PI, { dtype: 'float64' }));
  return tensors;
}
