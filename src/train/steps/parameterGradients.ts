import type { Tensor } from '../../torch/index.js';

/** Returns the gradients of those parameters that have one. */
export function parameterGradients(parameters: readonly Tensor[]): Tensor[] {
  return parameters.flatMap(({ grad }) => (grad === null ? [] : [grad]));
}
