import type { LabelledScan } from '../data/labelledScan.js';
import type { TrueNodule } from '../score/index.js';
import type { PredictedScan } from './operatingPoint.js';
import type { ScanModel } from './scanModel.js';
import { type ScanOptions, scanProbabilities } from './scanProbabilities.js';

/** The nodules as the scores want them; one without a diameter gets that of the sphere of its mask's volume. */
export function trueNodules({ nodules, volume }: LabelledScan): TrueNodule[] {
  const [x, y, z] = volume.spacing ?? [1, 1, 1];
  return nodules.map(({ center, diameterMm, voxels }) => ({
    centerIRC: center,
    diameterMm: diameterMm ?? 2 * Math.cbrt((3 * voxels * x * y * z) / (4 * Math.PI)),
  }));
}

/** What the network says of a scan, beside its truth. */
export async function predictScan(
  scan: LabelledScan,
  model: ScanModel,
  options: ScanOptions = {},
): Promise<PredictedScan> {
  const probabilities = await scanProbabilities(scan.volume, model, options);
  const { volume, mask: truth, ignored, oneNodule } = scan;
  return {
    ...{ volume, truth, nodules: trueNodules(scan), probabilities },
    ...(ignored && { ignored: ignored.map(({ center, diameterMm }) => ({ centerIRC: center, diameterMm })) }),
    ...(oneNodule && { oneNodule }),
  };
}
