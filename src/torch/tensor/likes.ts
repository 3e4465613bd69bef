import { NoduleTrainError } from '../../runtime/index.js';
import { lazyOp } from '../operators/operators.js';
import type { DType } from './dtype.js';
import { isTensor, type Tensor } from './tensor.js';
import { readOptions, type TensorOptions, withGrad } from './tensorOptions.js';

/** Makes a tensor with the shape of another, and its dtype and device unless the options give others. */
export type LikeFactory = <D extends DType, E extends DType = D>(
  like: Tensor<D>,
  options?: TensorOptions<E>,
) => Tensor<E>;

const checkTensor = (what: string, like: unknown): void => {
  if (!isTensor(like))
    throw new NoduleTrainError(
      'torch',
      `${what}: found ${like === null ? 'null' : `a ${typeof like}`}, expected a Tensor`,
    );
};

const given = ({ dtype, device }: TensorOptions) => ({ dtype, device });

const like = (name: string, operator: string): LikeFactory => {
  const make = lazyOp(`aten::${operator}`);
  return ((tensor: Tensor, options?: TensorOptions) => {
    checkTensor(name, tensor);
    const read = readOptions(name, options);
    return withGrad(make(tensor, given(read)), read);
  }) as LikeFactory;
};

/** Zeros in the shape, dtype and device of a tensor. */
export const zerosLike: LikeFactory = like('zerosLike', 'zeros_like');
/** Ones in the shape, dtype and device of a tensor. */
export const onesLike: LikeFactory = like('onesLike', 'ones_like');
/** Any values, to be written to, in the shape, dtype and device of a tensor. */
export const emptyLike: LikeFactory = like('emptyLike', 'empty_like');
/** Uniform random numbers in [0, 1) in the shape, dtype and device of a tensor. */
export const randLike: LikeFactory = like('randLike', 'rand_like');
/** Standard normal random numbers in the shape, dtype and device of a tensor. */
export const randnLike: LikeFactory = like('randnLike', 'randn_like');

const makeFull = lazyOp('aten::full_like');

/**
 * One value in the shape, dtype and device of a tensor.
 * @throws NoduleTrainError `torch` if the dtype cannot hold the value
 */
export function fullLike<D extends DType, E extends DType = D>(
  like: Tensor<D>,
  value: number | bigint | boolean,
  options?: TensorOptions<E>,
): Tensor<E>;
export function fullLike(like: Tensor, value: number | bigint | boolean, options?: TensorOptions): Tensor {
  checkTensor('fullLike', like);
  const read = readOptions('fullLike', options);
  return withGrad(makeFull(like, value, given(read)), read);
}
