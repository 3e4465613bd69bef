import { type nn, noGrad, op, scope, type Tensor } from '../torch/index.js';

/**
 * An exponential moving average of a network's weights (Polyak and Juditsky 1992; the factor rises as (1 + t) / (10 + t) to `decay`, so that the
 * first weights are soon forgotten). What batch norm counts is taken over as it is.
 */
export interface AveragedWeights {
  /** A network of its own that holds the averages; validated and kept as the best. */
  readonly net: nn.UNet;
  /** Takes the weights in after step number `step`, from 0. */
  update(step: number): void;
}

export function averagedWeights(of: nn.UNet, net: nn.UNet, decay: number): AveragedWeights {
  net.loadStateDict(of.stateDict());
  const pairs = (a: Map<string, Tensor>, b: Map<string, Tensor>) =>
    [...a].map(([name, tensor]) => [tensor, b.get(name)!]);
  const parameters = pairs(net.namedParameters(), of.namedParameters());
  const learned = new Set(net.namedParameters().keys());
  const buffers = pairs(net.stateDict(), of.stateDict()).filter(
    (_, i) => !learned.has([...net.stateDict().keys()][i]!),
  );
  const approach = op('aten::_foreach_lerp_.Scalar', { unsafe: true });
  return {
    net,
    update: (step) =>
      noGrad(() =>
        scope(() => {
          const factor = Math.min(decay, (1 + step) / (10 + step));
          approach(
            parameters.map(([average]) => average!),
            parameters.map(([, weight]) => weight!),
            1 - factor,
          );
          for (const [own, other] of buffers) own!.copy_(other!);
        }),
      ),
  };
}
