import { NoduleTrainError } from '../../runtime/index.js';
import type { Operand } from '../operators/operatorArguments.js';
import { lazyOp } from '../operators/operators.js';
import { isTensor, type Tensor } from './tensor.js';

const joinTensors = { cat: lazyOp('aten::cat'), stack: lazyOp('aten::stack') };
const choose = lazyOp('aten::where');
const places = lazyOp('aten::where') as unknown as (condition: Tensor) => Tensor[];

const join = (name: 'cat' | 'stack', given: readonly Tensor[], dim: number): Tensor => {
  const tensors = Array.isArray(given) ? Array.from(given as readonly Tensor[]) : undefined;
  const wrong = tensors?.findIndex((item) => !isTensor(item)) ?? 0;
  if (tensors === undefined || tensors.length === 0 || wrong >= 0)
    throw new NoduleTrainError(
      'torch',
      `${name}: found ${tensors === undefined ? `a ${typeof given}` : tensors.length === 0 ? 'no tensors' : `a ${typeof tensors[wrong]} at ${wrong}`}, expected an array of Tensors`,
    );
  return joinTensors[name](tensors, dim);
};

/** Joins tensors along an existing dimension. @throws NoduleTrainError `torch` unless their other sizes are equal */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  return join('cat', tensors, dim);
}

/** Joins tensors of equal shape along a new dimension. @throws NoduleTrainError `torch` for different shapes */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  return join('stack', tensors, dim);
}

/**
 * Takes values of `input` where the condition is true, else of `other`, all broadcast together; or, of a condition
 * alone, the positions of its true elements: one int64 tensor for each dimension.
 */
export function where(condition: Tensor): Tensor<'int64'>[];
export function where(condition: Tensor, input: Operand, other: Operand): Tensor;
export function where(condition: Tensor, ...values: [] | [input: Operand, other: Operand]): Tensor | Tensor[] {
  return values.length === 0 ? places(condition) : choose(condition, ...values);
}
