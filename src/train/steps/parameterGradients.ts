import type { Tensor } from '../../torch/index.js';

/** The gradients of those parameters that have one. */
export const parameterGradients = (parameters: readonly Tensor[]): Tensor[] =>
  parameters.flatMap(({ grad }) => (grad === null ? [] : [grad]));
