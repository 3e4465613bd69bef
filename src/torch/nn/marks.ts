import { NoduleTrainError } from '../../runtime/index.js';
import { keep } from '../scope.js';
import { isTensor, type Tensor } from '../tensor/tensor.js';

/** What a marked Tensor is to the Module that holds it. A transient one is a buffer that is not in the state_dict. */
export type Mark = 'parameter' | 'buffer' | 'transient';

const marks = new WeakMap<object, Mark>();

/** Returns how a Tensor was marked, or undefined for a plain one. */
export const markOf = (tensor: object): Mark | undefined => marks.get(tensor);

const checked = (what: string, tensor: unknown): Tensor => {
  if (!isTensor(tensor))
    throw new NoduleTrainError(
      'module',
      `nn.${what}: found ${tensor === null ? 'null' : typeof tensor}, expected a Tensor`,
    );
  return tensor;
};

export interface ParameterOptions {
  /** Whether it is trained; default true. An integer tensor can only be a parameter with false. */
  requiresGrad?: boolean | undefined;
}

/**
 * Marks a Tensor as a parameter of the Module it is assigned to and returns it. No open scope frees it. The result of a
 * recorded computation is detached first, as PyTorch's `nn.Parameter` does.
 * @throws NoduleTrainError `module` unless it is a Tensor, `torch` if its dtype has no gradients
 */
export function parameter(tensor: Tensor, options: ParameterOptions = {}): Tensor {
  const given = checked('parameter', tensor);
  const leaf = given.isLeaf ? given : given.detach();
  leaf.requiresGrad = options.requiresGrad !== false;
  marks.set(leaf, 'parameter');
  return keep(leaf);
}

export interface BufferOptions {
  /** Whether it belongs to the state_dict; default true. */
  persistent?: boolean | undefined;
}

/**
 * Marks a Tensor as a buffer (saved and moved, not trained) of the Module it is assigned to and returns it.
 * @throws NoduleTrainError `module` unless it is a Tensor
 */
export function buffer(tensor: Tensor, options: BufferOptions = {}): Tensor {
  marks.set(checked('buffer', tensor), options.persistent === false ? 'transient' : 'buffer');
  return keep(tensor);
}
