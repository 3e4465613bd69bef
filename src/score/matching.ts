import { NoduleTrainError } from '../runtime/error.js';
import { type Component, connectedComponents, type Index3, type Shape3 } from './components.js';
import { dice, type Overlap } from './dice.js';

/** A nodule of the truth. */
export interface TrueNodule {
  /** Slice, row, column (fractional). */
  centerIRC: Index3;
  diameterMm: number;
}

/** What a prediction and the truth of one scan are. */
export interface ScanToScore {
  /** Not zero where a nodule is predicted; `[slices, rows, columns]`. */
  prediction: ArrayLike<number>;
  /** Not zero inside the true nodules. */
  truth: ArrayLike<number>;
  shape: Shape3;
  /** x, y, z in mm. */
  spacing: readonly [number, number, number];
  nodules: readonly TrueNodule[];
  /** Findings that are neither wanted nor false (LUNA16's excluded ones): components whose centre lies in them are dropped. */
  ignored?: readonly TrueNodule[];
}

/** One nodule's result. */
export interface NoduleScore {
  nodule: TrueNodule;
  /** A predicted component's centre lies within the nodule's radius. */
  found: boolean;
  /** 3D Dice of the predicted components that touch it; 0 where nothing is predicted. */
  dice: number;
  overlap: Overlap;
}

/** One scan's result. */
export interface ScanScore {
  nodules: NoduleScore[];
  /** Predicted components whose centre lies in no nodule and in no ignored finding. */
  falseComponents: number;
  predictedComponents: number;
}

/**
 * Scores a scan: LUNA16's rule for hits (a candidate within a nodule's radius; more hits on one nodule count once), and for
 * each nodule the Dice of its own voxels against all predicted 26-connected components that touch them, whole. A component
 * that runs on into vessels therefore pays for all of it.
 *
 * A true voxel belongs to the nodule whose centre is the nearest in units of that nodule's radius.
 */
export function scoreScan(scan: ScanToScore): ScanScore {
  const { shape, spacing, nodules } = scan;
  if (scan.truth.length !== scan.prediction.length) {
    throw new NoduleTrainError(
      'mask-shape',
      `Scoring a scan: the prediction has ${scan.prediction.length} voxels, the truth ${scan.truth.length}; both must be of one scan`,
    );
  }
  const predicted = connectedComponents(scan.prediction, shape, 26);
  const owners = voxelsOfNodules(scan.truth, shape, spacing, nodules);
  const scores = nodules.map((nodule, n): NoduleScore => {
    const touching = new Set<number>();
    let shared = 0;
    for (const voxel of owners[n]!) {
      const label = predicted.labels[voxel]!;
      if (label === 0) continue;
      shared++;
      touching.add(label);
    }
    let predictedVoxels = 0;
    for (const label of touching) predictedVoxels += predicted.components[label - 1]!.voxels;
    const counts = { shared, predicted: predictedVoxels, truth: owners[n]!.length };
    const found = predicted.components.some((component) => hits(component, nodule, spacing));
    return { nodule, found, dice: dice(counts) ?? 0, overlap: counts };
  });
  const harmless = [...nodules, ...(scan.ignored ?? [])];
  const falseComponents = predicted.components.filter(
    (component) => !harmless.some((finding) => hits(component, finding, spacing)),
  ).length;
  return { nodules: scores, falseComponents, predictedComponents: predicted.components.length };
}

/** Whether a component's centre lies within the radius of a nodule. */
export function hits(
  { centerIRC }: Pick<Component, 'centerIRC'>,
  nodule: TrueNodule,
  spacing: readonly [number, number, number],
): boolean {
  return squaredDistanceMm(centerIRC, nodule.centerIRC, spacing) <= (nodule.diameterMm / 2) ** 2;
}

function squaredDistanceMm(a: Index3, b: Index3, [x, y, z]: readonly [number, number, number]): number {
  return ((a[0] - b[0]) * z) ** 2 + ((a[1] - b[1]) * y) ** 2 + ((a[2] - b[2]) * x) ** 2;
}

function voxelsOfNodules(
  truth: ArrayLike<number>,
  [slices, rows, columns]: Shape3,
  spacing: readonly [number, number, number],
  nodules: readonly TrueNodule[],
): number[][] {
  const owners: number[][] = nodules.map(() => []);
  if (nodules.length === 0) return owners;
  for (let voxel = 0; voxel < slices * rows * columns; voxel++) {
    if (truth[voxel] === 0) continue;
    const c = voxel % columns;
    const line = (voxel - c) / columns;
    const r = line % rows;
    const at: Index3 = [(line - r) / rows, r, c];
    let nearest = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let n = 0; n < nodules.length; n++) {
      const { centerIRC, diameterMm } = nodules[n]!;
      const distance = squaredDistanceMm(at, centerIRC, spacing) / diameterMm ** 2;
      if (distance < least) {
        least = distance;
        nearest = n;
      }
    }
    owners[nearest]!.push(voxel);
  }
  return owners;
}
