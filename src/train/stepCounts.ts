import { type Device, noGrad, op, scope, type Tensor, zeros } from '../torch/index.js';
import type { Counts } from './metrics.js';

const fields = [
  'samples',
  'positiveSamples',
  'loss',
  'positiveLoss',
  'truePositives',
  'falseNegatives',
  'falsePositives',
] as const;
const steps = fields.length;
const firstBad = steps + 1;
const length = firstBad + 1;

/** What was counted since the last `reset`. */
export interface CountsRead extends Counts {
  /** Calls of `add`. */
  steps: number;
  /** The first call, from 1, whose loss was not finite; 0: none. */
  firstBad: number;
}

/** Sums over samples in one tensor on the device, so that a step costs no copy to the host. */
export class StepCounts {
  /** float64 `[9]`: the fields of `Counts`, then the number of calls and the first bad one. */
  readonly tensor: Tensor;
  readonly #threshold: number;

  readonly #stack = op('aten::stack');
  readonly #isfinite = op('aten::isfinite');
  readonly #where = op('aten::where.self');

  constructor(device: Device, threshold: number) {
    this.tensor = zeros([length], { dtype: 'float64', device });
    this.#threshold = threshold;
  }

  /** @param probability `[B, 1, H, W]` @param mask `[B, 1, H, W]` @param loss `[B]` */
  add(probability: Tensor, mask: Tensor, loss: Tensor): void {
    noGrad(() =>
      scope(() => {
        const predicted = probability.detach().gt(this.#threshold);
        const labelled = mask.gt(0.5);
        const truePositives = predicted.mul(labelled).sum();
        const labelledOfSample = labelled.flatten(1).sum(1);
        const positive = labelledOfSample.gt(0);
        const each = loss.detach().to('float64');
        const one = truePositives.eq(truePositives);
        const row = [
          one.mul(each.shape[0] as number),
          positive.sum(),
          each.sum(),
          each.mul(positive).sum(),
          truePositives,
          labelledOfSample.sum().sub(truePositives),
          predicted.sum().sub(truePositives),
          one,
        ].map((value) => value.to('float64'));
        this.tensor.narrow(0, 0, firstBad).add_(this.#stack(row));
        this.#markBad(each);
      }),
    );
  }

  #markBad(each: Tensor): void {
    const known = this.tensor.narrow(0, firstBad, 1);
    const isFirst = this.#isfinite(each).min().eq(0).mul(known.eq(0));
    known.copy_(this.#where(isFirst, this.tensor.narrow(0, steps, 1), known));
  }

  /** Copies the sums to the host: the only wait for the device. */
  read(): CountsRead {
    const values = this.tensor.toArray() as number[];
    const named = Object.fromEntries(fields.map((field, at) => [field, values[at]])) as unknown as Counts;
    return { ...named, steps: values[steps] as number, firstBad: values[firstBad] as number };
  }

  reset(): void {
    this.tensor.zero_();
  }
}
