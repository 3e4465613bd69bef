import { scope, type Tensor } from '../torch/index.js';

/** What a step asks of an optimizer; a recorded step gives the rate as a tensor. */
export interface StepOptimizer {
  zeroGrad(): void;
  step(foundInf?: Tensor, rate?: Tensor): void;
}

/** What a training step is made of. */
export interface StepParts {
  /** Gives the next crops and labels, `[B, 2 * contextSlices + 1, S, S]` and `[B, 1, S, S]`, and which are counted, `[B]` (default all). */
  sampler: { next(): { image: Tensor; mask: Tensor; counted?: Tensor } };
  net: { forward(image: Tensor): Tensor };
  /** One loss per sample, `[B]`. */
  criterion: (probability: Tensor, mask: Tensor) => Tensor;
  optimizer: StepOptimizer;
  counts: { add(probability: Tensor, mask: Tensor, loss: Tensor, counted?: Tensor): void };
}

/** All of training: what it needs is given once, each call is one step and leaves no tensor behind. */
export const trainingStep =
  ({ sampler, net, criterion, optimizer, counts }: StepParts) =>
  () =>
    scope(() => {
      const { image, mask, counted } = sampler.next();
      const probability = net.forward(image);
      const loss = criterion(probability, mask);
      optimizer.zeroGrad();
      loss.mean().backward();
      optimizer.step();
      counts.add(probability, mask, loss, counted);
    });
