import { clipGradNorm, scope, type Tensor } from '../../torch/index.js';
import type { StepOptimizer } from '../step.js';

/**
 * Clips the global gradient norm: before each step it scales all gradients so that their joint Euclidean norm is at
 * most `norm` (`clipGradNorm`). Reads nothing back from the device.
 */
export function clippedOptimizer(optimizer: StepOptimizer, parameters: readonly Tensor[], norm: number): StepOptimizer {
  return {
    zeroGrad: () => optimizer.zeroGrad(),
    step: (found, rate) => {
      scope(() => {
        clipGradNorm(parameters, norm);
      });
      optimizer.step(found, rate);
    },
  };
}
