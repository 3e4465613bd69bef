import type { LabelledScan } from '../data/labelledScan.js';
import type { PredictedScan } from '../score/index.js';
import { ignoredNodules, trueNodules } from '../score/index.js';
import type { ScanModel } from './scanModel.js';
import { type ScanOptions, scanProbabilities } from './scanProbabilities.js';

/** What the network says of a scan, beside its truth. */
export async function predictScan(
  scan: LabelledScan,
  model: ScanModel,
  options: ScanOptions = {},
): Promise<PredictedScan> {
  const probabilities = await scanProbabilities(scan.volume, model, options);
  const { volume, mask: truth, oneNodule } = scan;
  return {
    ...{ volume, truth, nodules: trueNodules(scan), probabilities },
    ...(scan.ignored && { ignored: ignoredNodules(scan) }),
    ...(oneNodule && { oneNodule }),
  };
}
