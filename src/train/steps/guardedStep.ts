import { type Device, keep, noGrad, op, scope, type Tensor, zeros } from '../../torch/index.js';
import type { StepParts } from '../step.js';
import { parameterGradients } from './parameterGradients.js';

export interface GuardParts {
  device: Device;
  parameters: readonly Tensor[];
  /**
   * State that the forward pass itself changes, such as the statistics of batch norm; restored after a bad step. Empty
   * if such a step ends the run anyway.
   */
  buffers: readonly Tensor[];
  /** Is called after every step; `bad` is float32 `[1]`, 1 after a bad step. */
  counts: { endStep(bad: Tensor): void };
}

/** Guarded parts of a step, and the guard's finding. */
export interface Guarded {
  parts: StepParts;
  /** float32 `[1]` on the device: 1 if the loss or a gradient of the current step is not finite, else 0. */
  bad: Tensor;
}

/**
 * Makes a step with a loss or gradient that is not finite a no-op for weights and optimizer state, as PyTorch's
 * GradScaler does. Reads nothing back from the device. The gradients are checked before clipping.
 */
export function guardedStep(parts: StepParts, { device, parameters, buffers, counts }: GuardParts): Guarded {
  const check = op('aten::_amp_foreach_non_finite_check_and_unscale_', { unsafe: true });
  const copy = op('aten::_foreach_copy_', { unsafe: true });
  const where = op('aten::where.self');
  const owned = scope(() => ({
    bad: zeros([1], { device }),
    one: zeros([1], { device }).add(1),
    before: buffers.map((buffer) => buffer.detach().clone()),
  }));
  for (const tensor of [owned.bad, owned.one, ...owned.before]) keep(tensor);
  const { bad, one, before } = owned;
  const quietly = (fn: () => void) => noGrad(() => scope(fn));
  let begun = false;
  return {
    bad,
    parts: {
      ...parts,
      sampler: {
        next: () => {
          if (!begun)
            quietly(() => {
              bad.zero_();
              if (before.length > 0) copy(before, buffers);
            });
          begun = true;
          return parts.sampler.next();
        },
      },
      criterion: (probability, mask) => {
        const loss = parts.criterion(probability, mask);
        quietly(() => {
          // The sum is finite only if every loss is. Finite losses with an overflowing sum are bad too.
          const sum = loss.detach().sum().to('float32');
          bad.copy_(where(sum.sub(sum).eq(0), bad, one));
        });
        return loss;
      },
      optimizer: {
        zeroGrad: () => parts.optimizer.zeroGrad(),
        step: (_, rate) => {
          quietly(() => {
            const gradients = parameterGradients(parameters);
            if (gradients.length > 0) check(gradients, bad, one);
          });
          parts.optimizer.step(bad, rate);
          quietly(() => {
            counts.endStep(bad);
            const wasBad = bad.select(0, 0).gt(0);
            for (const [at, buffer] of buffers.entries()) buffer.copy_(where(wasBad, before[at], buffer));
          });
          begun = false;
        },
      },
    },
  };
}
