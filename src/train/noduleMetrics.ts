/** Figures per nodule over the whole validation scans, in 3D. */
export interface NoduleMetrics {
  scans: number;
  nodules: number;
  found: number;
  /** found / nodules; null without nodules. */
  sensitivity: number | null;
  falsePerScan: number;
  /** Mean over all nodules, 0 for those where nothing is predicted; null without nodules. */
  dice3d: number | null;
}

/**
 * The score by which the best model is kept: mean 3D Dice × found share × 1 / (1 + falsePerScan / 4), 0…1.
 *
 * Predicting nothing has Dice 0, painting everything finds each nodule but has a Dice of nearly 0, and speckle is
 * paid for by its false components; so none of them can win. 4 false components per scan halve the score.
 */
export function modelScore({ dice3d, sensitivity, falsePerScan }: NoduleMetrics): number {
  return ((dice3d ?? 0) * (sensitivity ?? 0)) / (1 + falsePerScan / 4);
}
