import { median } from '../../ct/index.js';

/** Densities of a nodule and its surroundings; `adaptedCut` reorders both arrays. */
interface Densities {
  /** HU of the voxels inside the annotated sphere. */
  readonly core: Float64Array;
  /** HU of the voxels just outside it, including chest wall and vessels. */
  readonly around: Float64Array;
}

/** Normal lung at full inspiration, for nodules without lung around them. */
const NORMAL_LUNG_HU = -850;

/** The book's threshold between air or lung (below) and everything else. */
const LUNG_BELOW_HU = -700;

/** Centre of the lung window (level -600, width 1500) in which readers draw: they see brighter voxels as nodule. */
export const readersEdgeHu = -600;

/**
 * Chooses the HU above which a voxel belongs to a nodule: halfway between the medians of the nodule and of the lung
 * around it, where a scanner's blur puts the edge of a ground-glass nodule, but at most -600 HU, where readers see the
 * edge of a solid one. Null if the sphere is not denser than the lung, because then density does not show where the
 * nodule ends.
 */
export function adaptedCut({ core, around }: Densities): number | null {
  const lung = median(below(around, LUNG_BELOW_HU)) ?? NORMAL_LUNG_HU;
  const middle = median(core) ?? lung;
  return middle > lung ? Math.min(readersEdgeHu, (middle + lung) / 2) : null;
}

/** Moves the values below a limit to the front and returns them. */
const below = (values: Float64Array, limit: number): Float64Array => {
  let count = 0;
  for (const value of values) if (value < limit) values[count++] = value;
  return values.subarray(0, count);
};
