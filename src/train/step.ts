import { scope, type Tensor } from '../torch/index.js';

/** Optimizer as a step uses it. */
export interface StepOptimizer {
  zeroGrad(): void;
  /**
   * @param foundInf float32 `[1]` on the device; 1 makes the step a no-op
   * @param rate learning rate as a float32 tensor `[1]`, for a captured step, which cannot read it from the host
   */
  step(foundInf?: Tensor, rate?: Tensor): void;
}

/** Parts of a training step. `B` crops of `S × S` pixels with `C = 2 * contextSlices + 1` slices as channels. */
export interface StepParts {
  /**
   * Returns the next batch: `image` `[B, C, S, S]`, `mask` `[B, 1, S, S]`, and which samples count, `[B]` bool
   * (default: all).
   */
  sampler: { next(): { image: Tensor; mask: Tensor; counted?: Tensor } };
  /** Maps `[B, C, S, S]` to probabilities `[B, 1, S, S]`. */
  net: { forward(image: Tensor): Tensor };
  /** Returns one loss per sample, `[B]`. */
  criterion: (probability: Tensor, mask: Tensor) => Tensor;
  optimizer: StepOptimizer;
  counts: { add(probability: Tensor, mask: Tensor, loss: Tensor, counted?: Tensor): void };
}

/**
 * The whole of training. Returns a function that does one step and keeps no tensor. Everything else wraps these parts
 * from outside, in the order that `createStepRunner` gives.
 */
export function trainingStep({ sampler, net, criterion, optimizer, counts }: StepParts): () => void {
  return () =>
    scope(() => {
      const { image, mask, counted } = sampler.next();
      const probability = net.forward(image);
      const loss = criterion(probability, mask);
      optimizer.zeroGrad();
      loss.mean().backward();
      optimizer.step();
      counts.add(probability, mask, loss, counted);
    });
}
