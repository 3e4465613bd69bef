import { type Component, type Components, connectedComponents, type Index3, type Shape3 } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/index.js';
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
  /** All that is predicted in the scan against all of its truth. */
  overlap: Overlap;
  /** The case is a crop around its only nodule. */
  oneNodule?: boolean;
}

/** A predicted component beside the truth. */
export interface MatchedComponent extends Component {
  /** Numbers of the nodules within whose radius its centre lies. */
  hits: readonly number[];
  /** Its centre lies in an ignored finding. */
  ignored: boolean;
  /** Voxels that it shares with a nodule, by the nodule's number. */
  shared: ReadonlyMap<number, number>;
}

/** All that the scores of a scan are made of, whichever of the components are kept. */
export interface MatchedScan {
  nodules: readonly TrueNodule[];
  /** Voxels of each nodule's truth. */
  truthVoxels: readonly number[];
  components: readonly MatchedComponent[];
}

/**
 * Lays the 26-connected components of a prediction beside the truth. A true voxel belongs to the nodule whose centre is the
 * nearest in units of that nodule's radius. `components` are those of the prediction, where they are known already. Throws 'mask-shape'.
 */
export function matchScan(scan: ScanToScore, components?: Components): MatchedScan {
  const { shape, spacing, nodules, ignored = [] } = scan;
  if (scan.truth.length !== scan.prediction.length) {
    throw new NoduleTrainError(
      'mask-shape',
      `Scoring a scan: the prediction has ${scan.prediction.length} voxels, the truth ${scan.truth.length}; both must be of one scan`,
    );
  }
  const predicted = components ?? connectedComponents(scan.prediction, shape, 26);
  const shared = predicted.components.map(() => new Map<number, number>());
  const owners = voxelsOfNodules(scan.truth, shape, spacing, nodules);
  for (const [n, voxels] of owners.entries()) {
    for (const voxel of voxels) {
      const label = predicted.labels[voxel]!;
      if (label > 0) shared[label - 1]!.set(n, (shared[label - 1]!.get(n) ?? 0) + 1);
    }
  }
  return {
    nodules,
    truthVoxels: owners.map(({ length }) => length),
    components: predicted.components.map((component, index) => ({
      ...component,
      hits: [...nodules.keys()].filter((n) => hits(component, nodules[n]!, spacing)),
      ignored: ignored.some((finding) => hits(component, finding, spacing)),
      shared: shared[index]!,
    })),
  };
}

/**
 * Scores the components that are kept: LUNA16's rule for hits (a candidate within a nodule's radius; more hits on one nodule
 * count once), and for each nodule the Dice of its own voxels against all kept components that touch them, whole. A component
 * that runs on into vessels therefore pays for all of it.
 */
export function scoreMatched(
  { nodules, truthVoxels, components }: MatchedScan,
  keep: (component: MatchedComponent) => boolean = () => true,
): ScanScore {
  const kept = components.filter(keep);
  const scores = nodules.map((nodule, n): NoduleScore => {
    const touching = kept.filter(({ shared }) => shared.has(n));
    const sum = (of: (component: MatchedComponent) => number) => touching.reduce((total, each) => total + of(each), 0);
    const overlap = {
      shared: sum(({ shared }) => shared.get(n)!),
      predicted: sum(({ voxels }) => voxels),
      truth: truthVoxels[n]!,
    };
    return { nodule, found: kept.some(({ hits }) => hits.includes(n)), dice: dice(overlap) ?? 0, overlap };
  });
  return {
    nodules: scores,
    falseComponents: kept.filter(({ hits, ignored }) => hits.length === 0 && !ignored).length,
    predictedComponents: kept.length,
    overlap: overlapOf(kept, truthVoxels),
  };
}

function overlapOf(kept: readonly MatchedComponent[], truthVoxels: readonly number[]): Overlap {
  let [shared, predicted] = [0, 0];
  for (const component of kept) {
    predicted += component.voxels;
    for (const voxels of component.shared.values()) shared += voxels;
  }
  return { shared, predicted, truth: truthVoxels.reduce((sum, voxels) => sum + voxels, 0) };
}

/** {@link matchScan} and {@link scoreMatched} of all its components. */
export const scoreScan = (scan: ScanToScore): ScanScore => scoreMatched(matchScan(scan));

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
