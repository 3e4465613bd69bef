import { noGrad, op, scope, type Tensor } from '../../torch/index.js';
import type { StepOptimizer } from '../step.js';
import { parameterGradients } from './parameterGradients.js';

/** Added to the norm, as in PyTorch's `clip_grad_norm_`. */
const EPSILON = 1e-6;

/**
 * Clips the global gradient norm: before each step it scales all gradients so that their joint Euclidean norm is at
 * most `norm` (Pascanu, Mikolov and Bengio 2013). Reads nothing back from the device.
 */
export function clippedOptimizer(optimizer: StepOptimizer, parameters: readonly Tensor[], norm: number): StepOptimizer {
  const norms = op('aten::_foreach_norm.Scalar', { unsafe: true });
  const scale = op('aten::_foreach_mul_.Tensor', { unsafe: true });
  const stack = op('aten::stack');
  const clip = () => {
    const gradients = parameterGradients(parameters);
    if (gradients.length === 0) return;
    const total = stack(norms(gradients, 2)).pow(2).sum().sqrt();
    scale(gradients, total.add(EPSILON).pow(-1).mul(norm).clamp(0, 1));
  };
  return {
    zeroGrad: () => optimizer.zeroGrad(),
    step: (found, rate) => {
      noGrad(() => scope(clip));
      optimizer.step(found, rate);
    },
  };
}
