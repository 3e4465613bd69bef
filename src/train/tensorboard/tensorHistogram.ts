import { noGrad, op, scope, type Tensor } from '../../torch/index.js';
import type { Histogram } from './tensorboard.js';

const BINS = 64;

/** Computes the histogram of a tensor's finite values, in bins of equal width; null if it has none. */
export function tensorHistogram(tensor: Tensor): Histogram | null {
  return noGrad(() =>
    scope(() => {
      const all = tensor.detach().flatten().to('float64');
      const values = op('aten::masked_select')(all, op('aten::isfinite')(all)) as Tensor;
      if (values.numel === 0) return null;
      const [min, max, sum, sumOfSquares] = [values.min(), values.max(), values.sum(), values.mul(values).sum()].map(
        (value) => value.item() as number,
      ) as [number, number, number, number];
      const figures = { min, max, count: values.numel, sum, sumOfSquares };
      if (min === max) return { ...figures, limits: [max], counts: [values.numel] };
      const counts = (op('aten::histc')(values, BINS, min, max) as Tensor).toArray() as number[];
      const limits = counts.map((_, n) => (n === BINS - 1 ? max : min + ((n + 1) * (max - min)) / BINS));
      return { ...figures, limits, counts };
    }),
  );
}
