/** Planes that differ by less, in slices, are off by the same distance. */
const SAME_OFFSET = 0.1;

/**
 * Finds the distance, in slices, by which all planes lie off the slices: about -0.5 to 0.5, such as half a slice. 0
 * where the planes lie on slices, or are off by different distances. `heights` are fractional slice indices, `slices`
 * the number of slices.
 */
export function commonOffset(heights: readonly number[], slices: number): number {
  const [first] = heights;
  if (first === undefined) return 0;
  // Differences from the first plane, so that planes at 0.49 and 1.51 are off by the same.
  let [low, high] = [0, 0];
  let [lowest, highest] = [first, first];
  for (const height of heights) {
    const difference = height - first - Math.round(height - first);
    low = Math.min(low, difference);
    high = Math.max(high, difference);
    lowest = Math.min(lowest, height);
    highest = Math.max(highest, height);
  }
  if (high - low > SAME_OFFSET) return 0;
  const middle = first + (low + high) / 2;
  const offset = middle - Math.ceil(middle - 0.5 - 1e-6);
  // Half a slice is as far from the slice above, which the first plane needs where it lies before the first slice.
  if (0.5 - offset <= SAME_OFFSET && Math.round(lowest - offset) < 0 && highest < slices - 1) return offset - 1;
  return Math.abs(offset) > SAME_OFFSET ? offset : 0;
}
