import type { Tensor } from '../tensor/tensor.js';

export interface OverlapOptions {
  /** Sum over the whole batch, as if it were one sample; the loss comes out B times. */
  batch?: boolean;
  /** Σ p² and Σ y² in place of Σ p and Σ y (Milletari, Navab and Ahmadi 2016, doi 10.1109/3DV.2016.79). */
  squared?: boolean;
}

export interface OverlapSums {
  /** Σ p·y */
  hit: Tensor;
  predicted: Tensor;
  labelled: Tensor;
}

/** float64 for float64, else float32: sums over thousands of pixels do not fit the half precisions. */
export const lossDtype = (prediction: Tensor): 'float64' | 'float32' =>
  prediction.dtype === 'float64' ? 'float64' : 'float32';

/** The sums that overlap losses are made of, each `[B]`, in float32 or float64. */
export const overlapSums = (
  prediction: Tensor,
  target: Tensor,
  { batch = false, squared = false }: OverlapOptions = {},
): OverlapSums => {
  const dtype = lossDtype(prediction);
  const [p, y] = [prediction.to(dtype), target.to(dtype)];
  const samples = p.shape[0] as number;
  const sum = (x: Tensor): Tensor => (batch ? x.sum().expand(samples) : x.flatten(1).sum(1));
  return { hit: sum(p.mul(y)), predicted: sum(squared ? p.mul(p) : p), labelled: sum(squared ? y.mul(y) : y) };
};
