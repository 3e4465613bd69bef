/** What a cut is adapted to; both arrays are put into another order. */
interface Densities {
  /** HU of the voxels in the annotated sphere. */
  readonly core: Float64Array;
  /** HU of the voxels just outside it, the chest wall and vessels among them. */
  readonly around: Float64Array;
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
  const lung = median(below(around, lungBelowHu)) ?? normalLungHu;
  const middle = median(core) ?? lung;
  return middle > lung ? Math.min(readersEdgeHu, (middle + lung) / 2) : null;
};

/** Those of the values that are below a limit, brought to the front. */
const below = (values: Float64Array, limit: number): Float64Array => {
  let count = 0;
  for (const value of values) if (value < limit) values[count++] = value;
  return values.subarray(0, count);
};

/** Orders `values` as it needs to. */
const median = (values: Float64Array): number | null => {
  const { length } = values;
  if (length === 0) return null;
  const half = length >> 1;
  const upper = nth(values, half);
  if (length % 2 === 1) return upper;
  // What stands before the upper middle is no greater: the lower middle is the greatest of it.
  return (
    (values.subarray(0, half).reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY) + upper) / 2
  );
};

/** The value that would stand at place `n` if `values` were sorted; puts it there, and no greater ones before it (Hoare's selection, 1961). */
const nth = (values: Float64Array, n: number): number => {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let [i, j] = [low, high];
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (n <= j) high = j;
    else if (n >= i) low = i;
    else break;
  }
  return values[n]!;
};
