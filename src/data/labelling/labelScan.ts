import type { Volume } from '../../ct/index.js';
import type { LabelRule, RuleNodule, ScanTruth } from '../../labels/index.js';
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
  const known = await knownBackground(volume, truth, ignored);
  if (truth.oneNodule) known.candidates = [...known.candidates, ...emptyMiddles(volume, mask)];
  return {
    volume,
    mask,
    nodules: nodules.map((nodule) => scanNodule(volume, mask, nodule)),
    background: backgroundPoints(volume, mask, background, known),
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

/**
 * In a crop around one nodule, the middle of each slice where nothing is labelled: what looks most like a nodule and is none is what readers
 * did not agree on, and it lies there.
 */
function emptyMiddles({ shape: [slices, rows, columns] }: Volume, mask: Uint8Array): Triple[] {
  const size = rows * columns;
  const isEmpty = (slice: number) => !mask.subarray(slice * size, (slice + 1) * size).includes(1);
  return Array.from({ length: slices }, (_, slice): Triple => [slice, rows >> 1, columns >> 1]).filter(([slice]) =>
    isEmpty(slice),
  );
}
