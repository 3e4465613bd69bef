import { type Device, keep, noGrad, op, scope, type Tensor, zeros } from '../../torch/index.js';
import type { StepParts } from '../step.js';
import { parameterGradients } from './parameterGradients.js';

export interface GuardParts {
  device: Device;
  parameters: readonly Tensor[];
  /** What a forward pass changes by itself, as the statistics of batch norm; put back after a bad step. Empty: such a step ends the run. */
  buffers: readonly Tensor[];
  /** Hears of every step whether it was bad, float32 `[1]`. */
  counts: { endStep(bad: Tensor): void };
}

/** A step's parts with the guard around them, and what it found. */
export interface Guarded {
  parts: StepParts;
  /** float32 `[1]` on the device: 1 where loss or gradient of the step at hand are not finite, else 0. */
  bad: Tensor;
}

/**
 * Leaves weights and moments as they are where a loss or a gradient is not finite, as PyTorch's GradScaler does. All of it
 * stays on the device: nothing is read back. The gradients are looked at as the optimizer is given them, before any clipping.
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
          // A sum is finite only where all losses are; losses so large that their sum is not are as useless.
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
