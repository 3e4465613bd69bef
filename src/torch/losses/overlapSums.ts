import type { Tensor } from '../tensor/tensor.js';

export interface OverlapOptions {
  /** Sum over the whole batch as if it were one sample; the loss is repeated B times. */
  batch?: boolean;
  /** Use Σ p² and Σ y² in place of Σ p and Σ y (Milletari, Navab and Ahmadi 2016, doi 10.1109/3DV.2016.79). */
  squared?: boolean;
}

export interface OverlapSums {
  /** Σ p·y */
  hit: Tensor;
  /** Σ p or Σ p² */
  predicted: Tensor;
  /** Σ y or Σ y² */
  labelled: Tensor;
}

/**
 * Dtype a loss is computed in: float64 for float64, else float32, as half precisions cannot sum thousands of pixels.
 */
export const lossDtype = (prediction: Tensor): 'float64' | 'float32' =>
  prediction.dtype === 'float64' ? 'float64' : 'float32';

/** Sums of the overlap losses, each [B], in float32 or float64. */
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
