import type { Shape3, Vector3 } from '../../ct/index.js';
import { quantile } from '../bootstrap.js';
import { axialAxes } from './axialAxes.js';
import { distancesTo } from './distancesTo.js';
import { surfaceVoxels } from './surfaceVoxels.js';

/** Surfaces within this distance agree. */
const TOLERANCE_MM = 1;
/** Distances are roots of rounded sums: sqrt(0.6² + 0.8²) is not exactly 1. */
const ROUNDING_MM = 1e-9;

/**
 * How well a prediction fits a nodule, beside its Dice; docs/reference/figures.md defines each figure. All are null
 * where both are empty, lengths and volumes also where the spacing is unknown. An error is predicted minus true.
 */
export interface NoduleMetrics {
  /** |P ∩ T| / |P ∪ T|, 0…1. */
  iou: number | null;
  /** Share of both surfaces that is within 1 mm of the other one, 0…1. */
  surfaceDice1mm: number | null;
  /** The larger of the two 95th percentiles of the distances from one surface to the other. */
  hd95Mm: number | null;
  volumeErrorMm3: number | null;
  /** Volume error relative to the true volume; null where the truth is empty. */
  volumeErrorShare: number | null;
  /** Null where one of the two is empty. */
  longAxisErrorMm: number | null;
  shortAxisErrorMm: number | null;
}

const NOTHING: NoduleMetrics = {
  iou: null,
  surfaceDice1mm: null,
  hd95Mm: null,
  volumeErrorMm3: null,
  volumeErrorShare: null,
  longAxisErrorMm: null,
  shortAxisErrorMm: null,
};

/**
 * Compares the predicted and the true voxels of a nodule. Surface Dice (Nikolov et al. 2021, doi 10.2196/26151) and
 * HD95 are those of MONAI: between the centres of the surface voxels, which have a face towards the outside, and the
 * border of the image is outside. If one set is empty, IoU and surface Dice are 0 and HD95 is the diagonal of the
 * image.
 * @param predicted positions of the voxels in an array of this shape, ascending
 * @param truth likewise
 * @param spacing [x, y, z] in mm; null if unknown
 */
export function noduleMetrics(
  predicted: Int32Array,
  truth: Int32Array,
  shape: Shape3,
  spacing: Vector3 | null,
): NoduleMetrics {
  if (predicted.length === 0 && truth.length === 0) return NOTHING;
  const shared = countShared(predicted, truth);
  const metrics = { ...NOTHING, iou: shared / (predicted.length + truth.length - shared) };
  if (spacing === null) return metrics;
  const volumeErrorMm3 = (predicted.length - truth.length) * spacing[0] * spacing[1] * spacing[2];
  const volumeErrorShare = truth.length === 0 ? null : (predicted.length - truth.length) / truth.length;
  const volume = { ...metrics, volumeErrorMm3, volumeErrorShare };
  if (predicted.length === 0 || truth.length === 0) {
    const diagonal = Math.hypot(...shape.map((length, axis) => length * spacing[2 - axis]!));
    return { ...volume, surfaceDice1mm: 0, hd95Mm: diagonal };
  }
  const [own, other] = [predicted, truth].map((positions) => axialAxes(positions, shape, spacing)) as [
    ReturnType<typeof axialAxes>,
    ReturnType<typeof axialAxes>,
  ];
  return {
    ...volume,
    ...surfaceAgreement(surfaceVoxels(predicted, shape).surface, surfaceVoxels(truth, shape).surface, shape, spacing),
    longAxisErrorMm: own.long.mm - other.long.mm,
    shortAxisErrorMm: own.short.mm - other.short.mm,
  };
}

function surfaceAgreement(predicted: Int32Array, truth: Int32Array, shape: Shape3, spacing: Vector3) {
  const distances = [distancesTo(predicted, truth, shape, spacing), distancesTo(truth, predicted, shape, spacing)];
  let near = 0;
  for (const own of distances) for (const mm of own) if (mm <= TOLERANCE_MM + ROUNDING_MM) near++;
  return {
    surfaceDice1mm: near / (predicted.length + truth.length),
    hd95Mm: Math.max(...distances.map((own) => quantile(own.sort(), 0.95))),
  };
}

/** Number of positions that two ascending lists share. */
function countShared(a: Int32Array, b: Int32Array): number {
  let shared = 0;
  for (let m = 0, n = 0; m < a.length && n < b.length; ) {
    if (a[m] === b[n]) shared++;
    if (a[m]! <= b[n]!) m++;
    else n++;
  }
  return shared;
}
