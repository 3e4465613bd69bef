/** What a cut is adapted to. */
interface Densities {
  /** HU of the voxels in the annotated sphere. */
  readonly core: readonly number[];
  /** HU of the voxels just outside it, the chest wall and vessels among them. */
  readonly around: readonly number[];
}

/** Normal lung at full inspiration, for nodules with no lung in sight. */
const normalLungHu = -850;

/** Air and lung are below this, the book's threshold between lung and everything else. */
const lungBelowHu = -700;

/** Middle of the lung window (level -600, width 1500) in which readers draw: what is brighter looks like nodule to them. */
export const readersEdgeHu = -600;

/**
 * The HU above which a voxel belongs to a nodule: halfway between its median and the lung around it, where a
 * scanner's blur puts the edge of a ground-glass nodule, but never above -600 HU, where readers see the edge of a solid
 * one. null where the sphere is no denser than the lung: then density says nothing about where the nodule ends.
 */
export const adaptedCut = ({ core, around }: Densities): number | null => {
  const lung = median(around.filter((hu) => hu < lungBelowHu)) ?? normalLungHu;
  const middle = median(core) ?? lung;
  return middle > lung ? Math.min(readersEdgeHu, (middle + lung) / 2) : null;
};

const median = (values: readonly number[]): number | null => {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
};
