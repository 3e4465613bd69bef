import { type Device, noGrad, op, scope, type Tensor, zeros } from '../../torch/index.js';

/** Thresholds 0, 0.005 … 1, as many as TensorBoard takes by itself. */
const thresholds = 201;

/** Pixels by what is predicted at each threshold t: probability >= t. */
export interface PrecisionRecall {
  thresholds: number[];
  truePositives: number[];
  falsePositives: number[];
  trueNegatives: number[];
  falseNegatives: number[];
}

/** Counts pixels by label and probability in one tensor on the device, so that a batch costs no copy to the host. */
export class PrecisionRecallCounts {
  /** int64 `[2 * 201]`: unlabelled pixels by the last threshold that they reach, then labelled ones. */
  readonly #tensor: Tensor;
  readonly #bincount = op('aten::bincount');
  readonly #nanToNum = op('aten::nan_to_num');

  constructor(device: Device) {
    this.#tensor = zeros([2 * thresholds], { dtype: 'int64', device });
  }

  /** @param probability `[B, 1, H, W]`; what is not a number counts as 0 @param mask `[B, 1, H, W]` */
  add(probability: Tensor, mask: Tensor): void {
    noGrad(() =>
      scope(() => {
        const reached = (this.#nanToNum(probability.detach(), 0, 1, 0) as Tensor)
          .clamp(0, 1)
          .mul(thresholds - 1)
          .to('int64');
        const place = reached.add(mask.gt(0.5).to('int64').mul(thresholds)).flatten();
        this.#tensor.add_(this.#bincount(place, null, 2 * thresholds) as Tensor);
      }),
    );
  }

  /** Copies the counts to the host. */
  read(): PrecisionRecall {
    const counts = this.#tensor.toArray() as number[];
    const falsePositives = fromThresholdUp(counts.slice(0, thresholds));
    const truePositives = fromThresholdUp(counts.slice(thresholds));
    const rest = (of: number[]) => of.map((count) => (of[0] as number) - count);
    return {
      thresholds: counts.slice(0, thresholds).map((_, n) => n / (thresholds - 1)),
      truePositives,
      falsePositives,
      trueNegatives: rest(falsePositives),
      falseNegatives: rest(truePositives),
    };
  }

  dispose(): void {
    this.#tensor.dispose();
  }
}

function fromThresholdUp(counts: readonly number[]): number[] {
  let sum = 0;
  return counts
    .toReversed()
    .map((count) => {
      sum += count;
      return sum;
    })
    .reverse();
}
