/** Thresholds that turn probabilities into nodules. */
export interface OperatingPoint {
  /** Probability above which a voxel belongs to a candidate. */
  threshold: number;
  /** Smallest candidate that is kept. */
  minimumVoxels: number;
  /** Lowest score that is kept. */
  minimumScore: number;
}
