import { type Component, type Components, connectedComponents, type Index3, type Shape3 } from '../ct/index.js';
import { checkSameSize, dice, type Overlap } from './dice.js';

/** A nodule of the ground truth. */
export interface TrueNodule {
  /** Slice, row, column (fractional). */
  centerIRC: Index3;
  diameterMm: number;
}

/** The prediction and the ground truth of one scan. */
export interface ScanToScore {
  /** Not zero inside predicted nodules; `[slices, rows, columns]`. */
  prediction: ArrayLike<number>;
  /** Not zero inside true nodules; same shape. */
  truth: ArrayLike<number>;
  shape: Shape3;
  /** x, y, z in mm. */
  spacing: readonly [number, number, number];
  nodules: readonly TrueNodule[];
  /**
   * Findings to ignore, neither nodule nor false positive (LUNA16's excluded ones): components centred in them are
   * dropped.
   */
  ignored?: readonly TrueNodule[];
  /** Largest distance of a hit from a nodule's centre, in diameters; default one half. */
  hitDiameters?: number;
}

/** Score of one nodule. */
export interface NoduleScore {
  nodule: TrueNodule;
  /** Whether the centre of a predicted component is within the nodule's radius. */
  found: boolean;
  /** 3D Dice of the predicted components that touch it; 0 if none does. */
  dice: number;
  overlap: Overlap;
}

/** Score of one scan. */
export interface ScanScore {
  nodules: NoduleScore[];
  /** Number of predicted components centred in no nodule and no ignored finding. */
  falseComponents: number;
  predictedComponents: number;
  /** The whole prediction against the whole truth. */
  overlap: Overlap;
  /** The case is a crop around its only nodule. */
  oneNodule?: boolean;
}

/** A predicted component with its relation to the truth. */
export interface MatchedComponent extends Component {
  /** Indices of the nodules whose radius contains its centre. */
  hits: readonly number[];
  /** Whether its centre is in an ignored finding. */
  ignored: boolean;
  /** Number of voxels that it shares with each nodule, by the nodule's index. */
  shared: ReadonlyMap<number, number>;
}

/** A prediction matched with the truth: enough to score the scan for any choice of components. */
export interface MatchedScan {
  nodules: readonly TrueNodule[];
  /** Number of true voxels of each nodule. */
  truthVoxels: readonly number[];
  components: readonly MatchedComponent[];
}

/**
 * Matches the 26-connected components of a prediction with the truth. A true voxel belongs to the nodule with the
 * nearest centre, in units of that nodule's radius. Pass `components` if those of the prediction are already known.
 * @throws NoduleTrainError `mask-shape`
 */
export function matchScan(scan: ScanToScore, components?: Components): MatchedScan {
  const { shape, spacing, nodules, ignored = [], hitDiameters = 0.5 } = scan;
  checkSameSize('scoring a scan', scan.prediction, scan.truth);
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
      hits: [...nodules.keys()].filter((n) => hits(component, nodules[n]!, spacing, hitDiameters)),
      ignored: ignored.some((finding) => hits(component, finding, spacing)),
      shared: shared[index]!,
    })),
  };
}

/**
 * Scores the components that are kept. Hits follow LUNA16's rule: a candidate centred within a nodule's radius, with
 * several hits on one nodule counted once. The Dice of a nodule compares its own voxels with all of each kept component
 * that touches them, so a component that continues into vessels lowers it.
 */
export function scoreMatched(
  matched: MatchedScan,
  keep: (component: MatchedComponent) => boolean = () => true,
): ScanScore {
  const kept = matched.components.filter(keep);
  const scores = matched.nodules.map((nodule, n): NoduleScore => {
    const touching = kept.filter(({ shared }) => shared.has(n));
    const overlap = overlapWithNodule(matched, touching, n);
    return { nodule, found: kept.some(({ hits }) => hits.includes(n)), dice: dice(overlap) ?? 0, overlap };
  });
  return {
    nodules: scores,
    falseComponents: kept.filter(({ hits, ignored }) => hits.length === 0 && !ignored).length,
    predictedComponents: kept.length,
    overlap: overlapOf(kept, matched.truthVoxels),
  };
}

/** Voxel counts of some components, of the truth of nodule `n`, and of their intersection. */
export function overlapWithNodule(
  { truthVoxels }: MatchedScan,
  components: readonly MatchedComponent[],
  n: number,
): Overlap {
  const sum = (of: (component: MatchedComponent) => number) => components.reduce((total, each) => total + of(each), 0);
  return {
    shared: sum(({ shared }) => shared.get(n) ?? 0),
    predicted: sum(({ voxels }) => voxels),
    truth: truthVoxels[n]!,
  };
}

/** Voxel counts of all kept components, of the whole truth, and of their intersection. */
function overlapOf(kept: readonly MatchedComponent[], truthVoxels: readonly number[]): Overlap {
  let [shared, predicted] = [0, 0];
  for (const component of kept) {
    predicted += component.voxels;
    for (const voxels of component.shared.values()) shared += voxels;
  }
  return { shared, predicted, truth: truthVoxels.reduce((sum, voxels) => sum + voxels, 0) };
}

/** Matches and scores a scan with all components kept. */
export const scoreScan = (scan: ScanToScore): ScanScore => scoreMatched(matchScan(scan));

/** Whether the centre of a component is within a share of a nodule's diameter of its centre; by default its radius. */
export function hits(
  { centerIRC }: Pick<Component, 'centerIRC'>,
  nodule: TrueNodule,
  spacing: readonly [number, number, number],
  diameters = 0.5,
): boolean {
  return squaredDistanceMm(centerIRC, nodule.centerIRC, spacing) <= (nodule.diameterMm * diameters) ** 2;
}

function squaredDistanceMm(a: Index3, b: Index3, [x, y, z]: readonly [number, number, number]): number {
  return ((a[0] - b[0]) * z) ** 2 + ((a[1] - b[1]) * y) ** 2 + ((a[2] - b[2]) * x) ** 2;
}

/** Lists the true voxels of each nodule as flat positions, ascending. */
export function voxelsOfNodules(
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
