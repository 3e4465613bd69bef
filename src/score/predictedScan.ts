import type { LabelledScan } from '../data/index.js';
import type { PredictedScan } from './operatingPoint.js';
import { ignoredNodules, trueNodules } from './trueNodules.js';

/** Combines a labelled scan with its prediction, one probability per voxel in `[slices, rows, columns]`. */
export function predictedScan(scan: LabelledScan, probabilities: Float32Array): PredictedScan {
  const { volume, mask: truth, ignored, oneNodule } = scan;
  return {
    ...{ volume, truth, nodules: trueNodules(scan), probabilities },
    ...(ignored && { ignored: ignoredNodules(scan) }),
    ...(oneNodule && { oneNodule }),
  };
}
