import type { LabelledScan } from '../data/index.js';
import { type PredictedScan, predictedScan } from '../score/index.js';
import type { ScanModel } from './scanModel.js';
import { type ScanOptions, scanProbabilities } from './scanProbabilities.js';

/**
 * Runs the network over a scan, and returns the probabilities with the truth.
 * @throws NoduleTrainError as `scanProbabilities`
 */
export async function predictScan(
  scan: LabelledScan,
  model: ScanModel,
  options: ScanOptions = {},
): Promise<PredictedScan> {
  return predictedScan(scan, await scanProbabilities(scan.volume, model, options));
}
