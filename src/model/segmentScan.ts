import type { Volume } from '../ct/index.js';
import type { OperatingPoint } from '../score/index.js';
import { findNodules, type ScanNodules } from './findNodules.js';
import type { ScanModel } from './scanModel.js';
import { type ScanOptions, scanProbabilities } from './scanProbabilities.js';

export interface Segmentation extends ScanNodules {
  /** `[slices, rows, columns]`, 0…1. */
  probabilities: Float32Array;
}

/**
 * Segments a whole scan: probabilities, numbered nodules, boxes and scores.
 * @throws NoduleTrainError as `scanProbabilities`
 */
export async function segmentScan(
  volume: Volume,
  model: ScanModel,
  point: OperatingPoint,
  options: ScanOptions = {},
): Promise<Segmentation> {
  const probabilities = await scanProbabilities(volume, model, options);
  return { probabilities, ...findNodules(volume, probabilities, point) };
}
