import type { Volume } from '../ct/index.js';
import type { LabelledScan } from '../data/index.js';
import type { TrueNodule } from './matching.js';
import { ignoredNodules, trueNodules } from './trueNodules.js';

/** A scan with its ground truth and the network's probabilities. */
export interface PredictedScan {
  volume: Volume;
  /** 1 inside true nodules; `[slices, rows, columns]`. */
  truth: Uint8Array;
  nodules: readonly TrueNodule[];
  /** Findings to ignore, neither nodule nor false positive. */
  ignored?: readonly TrueNodule[];
  /** The case is a crop around its only nodule. */
  oneNodule?: boolean;
  /** `[slices, rows, columns]`. */
  probabilities: Float32Array;
}

/** Combines a labelled scan with its prediction, one probability per voxel in `[slices, rows, columns]`. */
export function predictedScan(scan: LabelledScan, probabilities: Float32Array): PredictedScan {
  const { volume, mask: truth, ignored, oneNodule } = scan;
  return {
    ...{ volume, truth, nodules: trueNodules(scan), probabilities },
    ...(ignored && { ignored: ignoredNodules(scan) }),
    ...(oneNodule && { oneNodule }),
  };
}
