import { noGrad, op, scope, type Tensor } from '../../torch/index.js';
import { type StepParts, trainingStep } from '../step.js';
import { parameterGradients } from './parameterGradients.js';

/**
 * Creates a step over `batches` batches. It sums their gradients, and the optimizer gets the mean. Batch norm still
 * sees one batch at a time.
 */
export function accumulatedStep(parts: StepParts, parameters: readonly Tensor[], batches: number): () => void {
  if (batches === 1) return trainingStep(parts);
  const divide = op('aten::_foreach_div_.Scalar', { unsafe: true });
  let batch = 0;
  const one = trainingStep({
    ...parts,
    optimizer: {
      zeroGrad: () => {
        if (batch === 0) parts.optimizer.zeroGrad();
      },
      step: () => {
        if (batch < batches - 1) return;
        noGrad(() =>
          scope(() => {
            divide(parameterGradients(parameters), batches);
          }),
        );
        parts.optimizer.step();
      },
    },
  });
  return () => {
    for (batch = 0; batch < batches; batch++) one();
  };
}
