import type { Volume } from '../ct/index.js';
import type { LabelRule, RuleNodule, ScanTruth } from '../labels/index.js';
import { ignoredFindings, knownBackground } from './aroundTruth.js';
import { backgroundPoints } from './backgroundPoints.js';
import type { LabelledScan, ScanNodule } from './labelledScan.js';
import { noduleSlices, type Triple } from './noduleSlices.js';

/** A scan with its ground truth by a rule, and `background` places without a nodule. Throws what the rule throws. */
export async function labelScan(
  volume: Volume,
  truth: ScanTruth,
  rule: LabelRule,
  background: number,
): Promise<LabelledScan> {
  const { mask, nodules } = await rule.label(volume, truth);
  const ignored = ignoredFindings(volume, truth.excluded ?? []);
  return {
    volume,
    mask,
    nodules: nodules.map((nodule) => scanNodule(volume, mask, nodule)),
    background: backgroundPoints(volume, mask, background, await knownBackground(volume, truth, ignored)),
    ...(ignored.length === 0 ? {} : { ignored }),
    ...(truth.oneNodule && nodules.length === 1 ? { oneNodule: true } : {}),
  };
}

function scanNodule(volume: Volume, mask: Uint8Array, { annotation, center, boxLow, boxHigh }: RuleNodule): ScanNodule {
  const box = { low: boxLow as unknown as Triple, high: boxHigh as unknown as Triple };
  const slices = noduleSlices(mask, volume.shape, box);
  return {
    center: center as unknown as Triple,
    centerLps: annotation.center,
    diameterMm: annotation.diameterMm,
    ...(annotation.malignant === undefined ? {} : { malignant: annotation.malignant }),
    box,
    voxels: slices.reduce((sum, { voxels }) => sum + voxels, 0),
    slices,
  };
}
