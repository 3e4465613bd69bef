import { NoduleTrainError } from '../../runtime/index.js';
import { type Device, noGrad, op, scope, type Tensor, zeros } from '../../torch/index.js';
import type { Counts } from './metrics.js';

const fields = [
  'samples',
  'positiveSamples',
  'loss',
  'positiveLoss',
  'truePositives',
  'falseNegatives',
  'falsePositives',
  'pixels',
] as const;
const steps = fields.length;
const badSteps = steps + 1;
const firstBad = badSteps + 1;
const lastBad = firstBad + 1;
const length = lastBad + 1;

/** What was counted since the last `reset`. */
export interface CountsRead extends Counts {
  /** Training steps that were ended. */
  steps: number;
  /** Those whose loss or gradient was not finite. */
  badSteps: number;
  /** The first of these, from 1; 0: none. */
  firstBad: number;
  /** The last of them. */
  lastBad: number;
}

export interface StepCountsOptions {
  /** Fault 3 of the book: the labels are whole numbers, of which `~` is -1 - label, so false positives come out negative. */
  bitwiseNot?: boolean;
  /** What is counted as the loss of each sample, `[B]`, instead of the one that is given. */
  logged?: ((probability: Tensor, mask: Tensor) => Tensor) | undefined;
}

/** Sums over samples in one tensor on the device, so that a step costs no copy to the host. */
export class StepCounts {
  /** float64 `[12]`: the fields of `Counts`, then steps, bad steps, the first and the last of these. */
  readonly tensor: Tensor;
  readonly #threshold: number;
  readonly #options: StepCountsOptions;

  readonly #stack = op('aten::stack');
  readonly #isfinite = op('aten::isfinite');
  readonly #masked = op('aten::masked_fill.Scalar');
  readonly #where = op('aten::where.self');

  constructor(device: Device, threshold: number, options: StepCountsOptions = {}) {
    this.tensor = zeros([length], { dtype: 'float64', device });
    this.#threshold = threshold;
    this.#options = options;
  }

  /**
   * Samples whose loss is not finite are left out.
   *
   * @param probability `[B, 1, H, W]` @param mask `[B, 1, H, W]` @param loss `[B]`
   * @param counted `[B]` bool, which samples count; default all
   */
  add(probability: Tensor, mask: Tensor, loss: Tensor, counted?: Tensor): void {
    noGrad(() =>
      scope(() => {
        const sum = (map: Tensor) => map.flatten(1).sum(1);
        const predicted = probability.detach().gt(this.#threshold);
        const labelled = mask.gt(0.5);
        const { bitwiseNot, logged } = this.#options;
        const each = (logged?.(probability, mask) ?? loss).detach().to('float64');
        const finite = this.#isfinite(each) as Tensor;
        const counts = counted === undefined ? finite : finite.mul(counted);
        const labelledOfSample = sum(labelled);
        const positive = labelledOfSample.gt(0);
        const truePositives = sum(predicted.mul(labelled));
        const pixels = mask.shape.slice(1).reduce((product, size) => product * size, 1);
        const rows = [
          counts,
          positive,
          each,
          each.mul(positive),
          truePositives,
          labelledOfSample.sub(truePositives),
          bitwiseNot ? sum(predicted).add(truePositives).neg() : sum(predicted).sub(truePositives),
          counts.mul(pixels),
        ].map((value) => value.to('float64'));
        const ofCounted = this.#masked(this.#stack(rows), counts.eq(0), 0) as Tensor;
        this.tensor.narrow(0, 0, fields.length).add_(ofCounted.sum(1));
      }),
    );
  }

  /** @param bad float32 `[1]`, 1 where loss or gradient of the step were not finite, else 0 */
  endStep(bad: Tensor): void {
    noGrad(() =>
      scope(() => {
        const at = (place: number) => this.tensor.narrow(0, place, 1);
        const wasBad = bad.gt(0);
        at(steps).add_(1);
        at(badSteps).add_(bad);
        at(firstBad).copy_(this.#where(wasBad.mul(at(firstBad).eq(0)), at(steps), at(firstBad)));
        at(lastBad).copy_(this.#where(wasBad, at(steps), at(lastBad)));
      }),
    );
  }

  /** Copies the sums to the host: the only wait for the device. */
  read(): CountsRead {
    const values = this.tensor.toArray() as number[];
    const named = Object.fromEntries(fields.map((field, at) => [field, values[at]])) as unknown as Counts;
    const [ended, bad, first, last] = values.slice(steps) as [number, number, number, number];
    return { ...named, steps: ended, badSteps: bad, firstBad: first, lastBad: last };
  }

  reset(): void {
    this.tensor.zero_();
  }

  /** Goes on with counts of a checkpoint. */
  restore(saved: Tensor): void {
    if (saved.shape.length !== 1 || saved.shape[0] !== length)
      throw new NoduleTrainError(
        'checkpoint',
        `resuming in the middle of an epoch: the checkpoint counts ${saved.shape} figures, this version ${length}; ` +
          'go on with the version that wrote it, or from a checkpoint of the end of an epoch',
      );
    this.tensor.copy_(saved);
  }
}
