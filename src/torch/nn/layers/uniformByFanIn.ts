import { noGrad } from '../../autograd/modes.js';
import { lazyOp } from '../../operators/operators.js';
import { zeros } from '../../tensor/create.js';
import type { Tensor } from '../../tensor/tensor.js';
import { parameter } from '../marks.js';

const uniform = lazyOp('aten::uniform_');

const drawn = (shape: readonly number[], bound: number): Tensor => {
  const tensor = zeros(shape);
  noGrad(() => uniform(tensor, -bound, bound));
  return parameter(tensor);
};

/**
 * Makes weight and bias as `reset_parameters` of PyTorch's Linear and convolutions does, in the same order, so that one
 * `manualSeed` gives the same values: the weight by `kaiming_uniform_(a=sqrt(5))` (He et al. 2015, arXiv 1502.01852),
 * the bias uniform within 1 / sqrt(fan-in). The fan-in is the second axis of the weight times the kernel size,
 * transposed or not.
 */
export const uniformByFanIn = (
  shape: readonly number[],
  biasSize: number | null,
): { weight: Tensor; bias: Tensor | null } => {
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
  // Equal to 1 / sqrt(fanIn), but computed in Python's steps, for the same last bit.
  const gain = Math.sqrt(2 / (1 + Math.sqrt(5) ** 2));
  const weight = drawn(shape, Math.sqrt(3) * (gain / Math.sqrt(fanIn)));
  return { weight, bias: biasSize === null ? null : drawn([biasSize], 1 / Math.sqrt(fanIn)) };
};
