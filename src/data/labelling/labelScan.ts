import type { Index3, Volume } from '../../ct/index.js';
import { fateWithoutVoxel, type LabelRule, type RuleNodule, type ScanTruth } from '../../labels/index.js';
import { ignoredFindings, knownBackground } from './aroundTruth.js';
import { backgroundPoints } from './backgroundPoints.js';
import type { LabelledScan, ScanNodule } from './labelledScan.js';
import { collectLost, lostFinding, usableAnnotations } from './lostNodules.js';
import { noduleSlices } from './noduleSlices.js';

/**
 * Makes the ground truth of a scan by a rule, and finds up to `background` places without a nodule. Annotations that
 * give no nodule (outside the volume, twice, of an impossible size, without a labelled voxel) are listed as `lost`.
 * Those inside the volume are also `ignored`: no background is taken there, and a prediction there is not false.
 * `onNote` receives notes on the files of the truth.
 * @throws NoduleTrainError `mask-shape` if the lung image is of another scan, and what the rule throws
 */
export async function labelScan(
  volume: Volume,
  truth: ScanTruth,
  rule: LabelRule,
  background: number,
  onNote?: (text: string) => void,
): Promise<LabelledScan> {
  const lost = collectLost(volume, truth);
  const annotations = usableAnnotations(volume, truth, rule, lost);
  const { mask, nodules: made, labelImage } = await rule.label(volume, { ...truth, annotations }, onNote);
  const nodules: ScanNodule[] = [];
  for (const one of made) {
    const nodule = scanNodule(volume, mask, one, lost.indexOf(one.annotation));
    if (nodule.voxels > 0 || one.marked || truth.oneNodule) nodules.push(nodule);
    else lost.add(one.annotation, fateWithoutVoxel(volume, one));
  }
  const lostNodules = lost.list();
  const ignored = [
    ...ignoredFindings(volume, truth.excluded ?? []),
    ...lostNodules.flatMap((one) => lostFinding(one) ?? []),
  ];
  const known = await knownBackground(volume, truth, ignored);
  if (truth.oneNodule) known.candidates = [...known.candidates, ...emptyMiddles(volume, mask)];
  return {
    volume,
    mask,
    nodules,
    background: backgroundPoints(volume, mask, background, known),
    ...(ignored.length === 0 ? {} : { ignored }),
    ...(lostNodules.length === 0 ? {} : { lost: lostNodules }),
    ...(labelImage === undefined ? {} : { labelImage }),
    ...(truth.oneNodule && nodules.length === 1 ? { oneNodule: true } : {}),
  };
}

function scanNodule(
  volume: Volume,
  mask: Uint8Array,
  { annotation, center, boxLow, boxHigh }: RuleNodule,
  index: number,
): ScanNodule {
  const box = { low: boxLow, high: boxHigh };
  const slices = noduleSlices(mask, volume.shape, box);
  return {
    ...(index < 0 ? {} : { annotation: index }),
    center,
    centerLps: annotation.center,
    diameterMm: annotation.diameterMm,
    ...(annotation.malignant === undefined ? {} : { malignant: annotation.malignant }),
    box,
    voxels: slices.reduce((sum, { voxels }) => sum + voxels, 0),
    slices,
  };
}

/**
 * Finds the middle of each slice without a label in a crop around one nodule. What the readers did not agree on is
 * there, and nothing else looks as much like a nodule.
 */
function emptyMiddles({ shape: [slices, rows, columns] }: Volume, mask: Uint8Array): Index3[] {
  const size = rows * columns;
  const isEmpty = (slice: number) => !mask.subarray(slice * size, (slice + 1) * size).includes(1);
  return Array.from({ length: slices }, (_, slice): Index3 => [slice, rows >> 1, columns >> 1]).filter(([slice]) =>
    isEmpty(slice),
  );
}
