import type { Volume } from '../ct/index.js';
import type { OperatingPoint } from '../score/index.js';
import { nodulesOf, type ScanNodules } from './nodulesOf.js';
import type { ScanModel } from './scanModel.js';
import { type ScanOptions, scanProbabilities } from './scanProbabilities.js';

export interface Segmentation extends ScanNodules {
  /** `[slices, rows, columns]`, 0…1. */
  probabilities: Float32Array;
}

/** A whole scan to probabilities, numbered nodules, boxes and scores. */
export async function segmentScan(
  volume: Volume,
  model: ScanModel,
  point: OperatingPoint,
  options: ScanOptions = {},
): Promise<Segmentation> {
  const probabilities = await scanProbabilities(volume, model, options);
  return { probabilities, ...nodulesOf(volume, probabilities, point) };
}
