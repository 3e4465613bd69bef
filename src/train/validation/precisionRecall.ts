import { type Device, noGrad, op, scope, type Tensor, zeros } from '../../torch/index.js';

/** Number of thresholds 0, 0.005 … 1; TensorBoard's default. */
const THRESHOLDS = 201;

/** Pixel counts at each threshold t, where a pixel is predicted if its probability is at least t. */
export interface PrecisionRecall {
  thresholds: number[];
  truePositives: number[];
  falsePositives: number[];
  trueNegatives: number[];
  falseNegatives: number[];
}

/** Counts pixels by label and probability in one tensor on the device, so that a batch needs no copy to the host. */
export class PrecisionRecallCounts {
  /** int64 `[2 * 201]`: unlabelled pixels by the highest threshold that they reach, then labelled pixels. */
  readonly #tensor: Tensor;
  readonly #bincount = op('aten::bincount');
  readonly #nanToNum = op('aten::nan_to_num');

  constructor(device: Device) {
    this.#tensor = zeros([2 * THRESHOLDS], { dtype: 'int64', device });
  }

  /**
   * Adds a batch.
   * @param probability `[B, 1, H, W]`; NaN counts as 0
   * @param mask `[B, 1, H, W]`
   */
  add(probability: Tensor, mask: Tensor): void {
    noGrad(() =>
      scope(() => {
        const reached = (this.#nanToNum(probability.detach(), 0, 1, 0) as Tensor)
          .clamp(0, 1)
          .mul(THRESHOLDS - 1)
          .to('int64');
        const place = reached.add(mask.gt(0.5).to('int64').mul(THRESHOLDS)).flatten();
        this.#tensor.add_(this.#bincount(place, null, 2 * THRESHOLDS) as Tensor);
      }),
    );
  }

  /** Copies the counts to the host. */
  read(): PrecisionRecall {
    const counts = this.#tensor.toArray() as number[];
    const falsePositives = sumsFromEnd(counts.slice(0, THRESHOLDS));
    const truePositives = sumsFromEnd(counts.slice(THRESHOLDS));
    const rest = (of: number[]) => of.map((count) => (of[0] as number) - count);
    return {
      thresholds: Array.from({ length: THRESHOLDS }, (_, n) => n / (THRESHOLDS - 1)),
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

/** Sums each value with all after it. */
function sumsFromEnd(counts: readonly number[]): number[] {
  let sum = 0;
  return counts
    .toReversed()
    .map((count) => {
      sum += count;
      return sum;
    })
    .reverse();
}
