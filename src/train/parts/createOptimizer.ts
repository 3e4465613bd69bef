import { optim, type Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';

/** Creates the optimizer that a configuration asks for. */
export function createOptimizer(parameters: readonly Tensor[], config: TrainConfig): optim.Optimizer {
  const { optimizer, learningRate: lr, weightDecay, momentum, nesterov } = config;
  switch (optimizer) {
    case 'adam':
      return optim.adam(parameters, { lr, weightDecay: weightDecay ?? 0 });
    case 'adamw':
      return optim.adamW(parameters, { lr, weightDecay: weightDecay ?? 0.01 });
    case 'sgd':
      return optim.sgd(parameters, { lr, weightDecay: weightDecay ?? 0, momentum, nesterov });
  }
}
