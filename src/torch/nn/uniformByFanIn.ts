import { noGrad } from '../gradMode.js';
import { lazyOp } from '../operators/operators.js';
import { zeros } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';
import { parameter } from './module.js';

const uniform = lazyOp('aten::uniform_');

const drawn = (shape: readonly number[], bound: number): Tensor => {
  const tensor = zeros(shape);
  noGrad(() => uniform(tensor, -bound, bound));
  return parameter(tensor);
};

/**
 * Weight and bias as `reset_parameters` of PyTorch's Linear and convolutions draws them, in its order, so that one
 * `manualSeed` gives the same values: the weight by `kaiming_uniform_(a=sqrt(5))` (He et al. 2015), the bias within
 * 1 / sqrt(fan in). The fan in is the second axis of the weight times the size of the kernel, also where it is transposed.
 */
export const uniformByFanIn = (
  shape: readonly number[],
  biasSize: number | null,
): { weight: Tensor; bias: Tensor | null } => {
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
  // Not 1 / sqrt(fanIn), which it equals: rounded as Python does, for the same last bit.
  const gain = Math.sqrt(2 / (1 + Math.sqrt(5) ** 2));
  const weight = drawn(shape, Math.sqrt(3) * (gain / Math.sqrt(fanIn)));
  return { weight, bias: biasSize === null ? null : drawn([biasSize], 1 / Math.sqrt(fanIn)) };
};
