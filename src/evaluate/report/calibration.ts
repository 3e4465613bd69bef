/** Voxels binned by the nodule probability that the network gave them, in bins of equal width over 0…1. */
export interface CalibrationBins {
  /** Number of voxels per bin. */
  count: Float64Array;
  /** Sum of their probabilities. */
  probability: Float64Array;
  /** Number of them labelled as nodule. */
  positives: Float64Array;
}

/** Number of bins; even, so that the bins of p and 1 - p hold the same confidences. */
export const CALIBRATION_BINS = 20;

export function emptyBins(): CalibrationBins {
  return {
    count: new Float64Array(CALIBRATION_BINS),
    probability: new Float64Array(CALIBRATION_BINS),
    positives: new Float64Array(CALIBRATION_BINS),
  };
}

/**
 * Adds voxels to the bins.
 * @param probabilities 0…1
 * @param truth not 0 inside nodules; as long as `probabilities`
 */
export function addToBins(bins: CalibrationBins, probabilities: Float32Array, truth: ArrayLike<number>): void {
  for (let voxel = 0; voxel < probabilities.length; voxel++) {
    const p = probabilities[voxel]!;
    const bin = Math.min(CALIBRATION_BINS - 1, Math.floor(p * CALIBRATION_BINS));
    bins.count[bin]!++;
    bins.probability[bin]! += p;
    if (truth[voxel] !== 0) bins.positives[bin]!++;
  }
}

/** Sums several sets of bins, bin by bin. */
export function sumBins(all: readonly CalibrationBins[]): CalibrationBins {
  const sum = emptyBins();
  for (const one of all)
    for (const name of ['count', 'probability', 'positives'] as const)
      for (let bin = 0; bin < CALIBRATION_BINS; bin++) sum[name][bin]! += one[name][bin]!;
  return sum;
}

/**
 * Computes the expected calibration error of the predicted class (Guo et al. 2017, doi 10.48550/arXiv.1706.04599,
 * equation 3): Σ over bins of n_b / n · |accuracy − confidence|. The confidence of a voxel is max(p, 1 − p), and its
 * class is correct if the more probable class is its label. Null without voxels.
 */
export function confidenceEce({ count, probability, positives }: CalibrationBins): number | null {
  const bins = Array.from({ length: CALIBRATION_BINS / 2 }, (_, n): Sums => {
    const [low, high] = [n, CALIBRATION_BINS - 1 - n];
    return [
      count[low]! + count[high]!,
      count[low]! - probability[low]! + probability[high]!,
      count[low]! - positives[low]! + positives[high]!,
    ];
  });
  return weightedGap(bins);
}

/**
 * Computes the same sum with the nodule probability as the confidence and the share of nodule voxels as the accuracy,
 * over voxels with a probability of at least `from`. Nearly all voxels of a scan are background with a tiny gap that
 * hides everything else, so the sum is informative above the first bin. Null if no voxel is above.
 */
export function noduleEce({ count, probability, positives }: CalibrationBins, from = 0): number | null {
  const first = Math.round(from * CALIBRATION_BINS);
  return weightedGap(
    Array.from(count, (n, bin): Sums => [n, probability[bin]!, positives[bin]!]).filter((_, bin) => bin >= first),
  );
}

type Sums = [count: number, expected: number, observed: number];

function weightedGap(bins: readonly Sums[]): number | null {
  const all = bins.reduce((sum, [count]) => sum + count, 0);
  return all === 0 ? null : bins.reduce((sum, [, expected, observed]) => sum + Math.abs(expected - observed), 0) / all;
}
