/** Voxels by the probability of nodule that the network gave them, in equal bins over 0…1. */
export interface CalibrationBins {
  /** Voxels of each bin. */
  count: Float64Array;
  /** Sum of their probabilities. */
  probability: Float64Array;
  /** How many of them are labelled as nodule. */
  positives: Float64Array;
}

/** Even, so that a bin of p and the one of 1 - p are of the same confidence. */
export const calibrationBinCount = 20;

export const emptyBins = (): CalibrationBins => ({
  count: new Float64Array(calibrationBinCount),
  probability: new Float64Array(calibrationBinCount),
  positives: new Float64Array(calibrationBinCount),
});

/** Adds voxels to the bins. `truth` is not 0 where there is nodule, and as long as `probabilities` (0…1). */
export function addToBins(bins: CalibrationBins, probabilities: Float32Array, truth: ArrayLike<number>): void {
  for (let voxel = 0; voxel < probabilities.length; voxel++) {
    const p = probabilities[voxel]!;
    const bin = Math.min(calibrationBinCount - 1, Math.floor(p * calibrationBinCount));
    bins.count[bin]!++;
    bins.probability[bin]! += p;
    if (truth[voxel] !== 0) bins.positives[bin]!++;
  }
}

/** The bins of all, summed. */
export function sumBins(all: readonly CalibrationBins[]): CalibrationBins {
  const sum = emptyBins();
  for (const one of all)
    for (const name of ['count', 'probability', 'positives'] as const)
      for (let bin = 0; bin < calibrationBinCount; bin++) sum[name][bin]! += one[name][bin]!;
  return sum;
}

/**
 * Expected calibration error of the predicted class (Guo et al. 2017, doi 10.48550/arXiv.1706.04599, equation 3):
 * Σ over bins of n_b / n · |accuracy − confidence|, where the confidence of a voxel is max(p, 1 − p) and it is right where the likelier
 * class is its label. Null without voxels.
 */
export function confidenceEce({ count, probability, positives }: CalibrationBins): number | null {
  const bins = Array.from({ length: calibrationBinCount / 2 }, (_, n) => {
    const [low, high] = [n, calibrationBinCount - 1 - n];
    return {
      count: count[low]! + count[high]!,
      confidence: count[low]! - probability[low]! + probability[high]!,
      right: count[low]! - positives[low]! + positives[high]!,
    };
  });
  return weightedGap(bins.map(({ count: n, confidence, right }) => [n, confidence, right]));
}

/**
 * The same sum with the probability of nodule for the confidence and the share of nodule voxels for the accuracy, over voxels of at least
 * `from`. Nearly all voxels of a scan are plain background whose tiny gap hides all else, so it is of use above the first bin. Null where none is above.
 */
export function noduleEce({ count, probability, positives }: CalibrationBins, from = 0): number | null {
  const first = Math.round(from * calibrationBinCount);
  return weightedGap(
    Array.from(count, (n, bin): Sums => [n, probability[bin]!, positives[bin]!]).filter((_, bin) => bin >= first),
  );
}

type Sums = [count: number, expected: number, observed: number];

function weightedGap(bins: readonly Sums[]): number | null {
  const all = bins.reduce((sum, [count]) => sum + count, 0);
  return all === 0 ? null : bins.reduce((sum, [, expected, observed]) => sum + Math.abs(expected - observed), 0) / all;
}
