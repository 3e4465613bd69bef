import { fromData, ones, type Tensor, tensor, zeros } from '../../../dist/torch/index.js';

/** Every dtype with its special values, an empty, a 0-dim and a transposed tensor, and a name that needs escapes. */
export const exampleTensors = (): Map<string, Tensor> => {
  const numbers = [0, 1, -1, 2.5, 1e-40, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  const tensors = new Map<string, Tensor>();
  for (const dtype of ['float32', 'float64', 'float16', 'bfloat16'] as const)
    tensors.set(dtype, tensor(numbers, { dtype }).view(2, 4));
  for (const dtype of ['int8', 'int16', 'int32', 'int64'] as const)
    tensors.set(dtype, tensor([0, -128, 127], { dtype }));
  tensors.set('uint8', fromData(new Uint8Array([0, 128, 255])));
  tensors.set('int64 far', fromData(new BigInt64Array([2n ** 63n - 1n, -(2n ** 63n)])));
  tensors.set('bool', tensor([[true], [false]]));
  tensors.set('empty', zeros([3, 0, 2]));
  tensors.set('scalar', tensor(Math.PI, { dtype: 'float64' }));
  tensors.set('transposed', tensor([[1, 2, 3]]).t());
  tensors.set('ü "quoted"\n', ones([1]));
  return tensors;
};

/** Dtype, shape and row-major bytes of a tensor, for comparison bit by bit. */
export const described = (value: Tensor): [dtype: string, shape: readonly number[], bytes: number[]] => [
  value.dtype,
  value.shape,
  [...new Uint8Array(value.contiguous().clone().data().buffer as ArrayBuffer)],
];
