import { NoduleTrainError } from '../../runtime/error.js';
import { optim, type Tensor } from '../../torch/index.js';
import type { TrainConfig } from '../config/config.js';

/** The optimizer that a run is configured with. */
export function optimizerOf(parameters: readonly Tensor[], config: TrainConfig): optim.Optimizer {
  const { optimizer, learningRate: lr, weightDecay, momentum, nesterov } = config;
  switch (optimizer) {
    case 'adam':
      return optim.adam(parameters, { lr, weightDecay: weightDecay ?? 0 });
    case 'adamw':
      return optim.adamW(parameters, { lr, weightDecay: weightDecay ?? 0.01 });
    case 'sgd':
      if (nesterov && momentum === 0)
        throw new NoduleTrainError(
          'config',
          'configuring training: `nesterov` is on, but `momentum` is 0; give a momentum, or --no-nesterov',
        );
      return optim.sgd(parameters, { lr, weightDecay: weightDecay ?? 0, momentum, nesterov });
  }
}
