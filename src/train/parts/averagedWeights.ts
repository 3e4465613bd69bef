import { type nn, noGrad, op, scope, type Tensor } from '../../torch/index.js';

/**
 * An exponential moving average of a network's weights (Polyak and Juditsky 1992). The factor is min(decay, (1 + t) /
 * (10 + t)) after step t, so that the initial weights soon lose their influence. The statistics of batch norm are
 * copied, not averaged.
 */
export interface AveragedWeights {
  /** A separate network that holds the averages. It is the one that is validated and saved as the best. */
  readonly net: nn.UNet;
  /**
   * Updates the averages after step number `step`, from 0.
   * @param skipped float32 `[1]`; 1 leaves the averages unchanged
   */
  update(step: number, skipped?: Tensor): void;
}

/** Averages the weights of `of` in `net`, which starts as a copy of it. */
export function averagedWeights(of: nn.UNet, net: nn.UNet, decay: number): AveragedWeights {
  net.loadStateDict(of.stateDict());
  const learned = of.namedParameters();
  const averages = [...net.namedParameters().values()];
  const weights = [...learned.values()];
  const counted = of.stateDict();
  const buffers = [...net.stateDict()].filter(([name]) => !learned.has(name));
  const approach = op('aten::_foreach_lerp_.Scalar', { unsafe: true });
  const approachBy = op('aten::_foreach_lerp_.List', { unsafe: true });
  return {
    net,
    update: (step, skipped) =>
      noGrad(() =>
        scope(() => {
          const factor = Math.min(decay, (1 + step) / (10 + step));
          if (skipped === undefined) approach(averages, weights, 1 - factor);
          else {
            const by = skipped
              .mul(-1)
              .add(1)
              .mul(1 - factor);
            approachBy(averages, weights, Array(averages.length).fill(by));
          }
          for (const [name, buffer] of buffers) buffer.copy_(counted.get(name)!);
        }),
      ),
  };
}
