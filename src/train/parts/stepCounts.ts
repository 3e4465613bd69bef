import { NoduleTrainError } from '../../runtime/index.js';
import { type Device, noGrad, op, scope, type Tensor, zeros } from '../../torch/index.js';
import type { Counts } from './metrics.js';

const FIELDS = [
  'samples',
  'positiveSamples',
  'loss',
  'positiveLoss',
  'truePositives',
  'falseNegatives',
  'falsePositives',
  'pixels',
] as const;
const STEPS = FIELDS.length;
const BAD_STEPS = STEPS + 1;
const FIRST_BAD = BAD_STEPS + 1;
const LAST_BAD = FIRST_BAD + 1;
const LENGTH = LAST_BAD + 1;

/** Counts since the last `reset`. */
export interface CountsRead extends Counts {
  /** Completed training steps, bad ones included. */
  steps: number;
  /** Steps whose loss or gradient was not finite. */
  badSteps: number;
  /** Number of the first bad step, from 1; 0 if there is none. */
  firstBad: number;
  /** Number of the last bad step, from 1; 0 if there is none. */
  lastBad: number;
}

export interface StepCountsOptions {
  /** Repeats fault 3 of the book: `~` of an integer label is -1 - label, so false positives come out negative. */
  bitwiseNot?: boolean;
  /** Computes the loss of each sample that is counted, `[B]`, in place of the one passed to `add`. */
  logged?: ((probability: Tensor, mask: Tensor) => Tensor) | undefined;
}

/** Sums over samples in one tensor on the device, so that a step costs no copy to the host. */
export class StepCounts {
  /** float64 `[12]`: the fields of `Counts`, then steps, bad steps, first and last bad step. */
  readonly tensor: Tensor;
  readonly #threshold: number;
  readonly #options: StepCountsOptions;

  readonly #stack = op('aten::stack');
  readonly #isfinite = op('aten::isfinite');
  readonly #masked = op('aten::masked_fill.Scalar');
  readonly #where = op('aten::where.self');

  constructor(device: Device, threshold: number, options: StepCountsOptions = {}) {
    this.tensor = zeros([LENGTH], { dtype: 'float64', device });
    this.#threshold = threshold;
    this.#options = options;
  }

  /**
   * Adds a batch. Samples whose loss is not finite are skipped.
   *
   * @param probability `[B, 1, H, W]`
   * @param mask `[B, 1, H, W]`
   * @param loss `[B]`
   * @param counted `[B]` bool: which samples count; default all
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
        this.tensor.narrow(0, 0, FIELDS.length).add_(ofCounted.sum(1));
      }),
    );
  }

  /**
   * Counts a step.
   * @param bad float32 `[1]`: 1 if its loss or a gradient was not finite, else 0
   */
  endStep(bad: Tensor): void {
    noGrad(() =>
      scope(() => {
        const at = (place: number) => this.tensor.narrow(0, place, 1);
        const wasBad = bad.gt(0);
        at(STEPS).add_(1);
        at(BAD_STEPS).add_(bad);
        at(FIRST_BAD).copy_(this.#where(wasBad.mul(at(FIRST_BAD).eq(0)), at(STEPS), at(FIRST_BAD)));
        at(LAST_BAD).copy_(this.#where(wasBad, at(STEPS), at(LAST_BAD)));
      }),
    );
  }

  /** Copies the counts to the host, which waits for the device. */
  read(): CountsRead {
    const values = this.tensor.toArray() as number[];
    const named = Object.fromEntries(FIELDS.map((field, at) => [field, values[at]])) as unknown as Counts;
    const [ended, bad, first, last] = values.slice(STEPS) as [number, number, number, number];
    return { ...named, steps: ended, badSteps: bad, firstBad: first, lastBad: last };
  }

  reset(): void {
    this.tensor.zero_();
  }

  /**
   * Continues from the counts of a checkpoint.
   * @throws NoduleTrainError `checkpoint` if they are those of another version
   */
  restore(saved: Tensor): void {
    if (saved.shape.length !== 1 || saved.shape[0] !== LENGTH)
      throw new NoduleTrainError(
        'checkpoint',
        `resuming in the middle of an epoch: found ${saved.shape} counts in the checkpoint, expected ${LENGTH}. ` +
          'Resume with the version that wrote it, or from a checkpoint at the end of an epoch.',
      );
    this.tensor.copy_(saved);
  }
}
