/**
 * Median of `values`: the mean of the two middle ones if their number is even; null without values. Reorders `values`.
 * Selects in linear time instead of sorting.
 */
export function median(values: Float64Array): number | null {
  const upper = upperMedian(values);
  if (upper === null || values.length % 2 === 1) return upper;
  // Selection has put no greater value before the upper middle: the lower middle is the greatest of those.
  const lower = values.subarray(0, values.length >> 1).reduce((most, value) => Math.max(most, value), -Infinity);
  return (lower + upper) / 2;
}

/**
 * Median of `values` that is one of them: the greater of the two middle ones; null without values. Reorders `values`.
 */
export function upperMedian(values: Float64Array): number | null {
  return values.length === 0 ? null : nthSmallest(values, values.length >> 1);
}

/** Moves the value of rank `n` to index `n`, with none greater before it, and returns it (quickselect, Hoare 1961). */
function nthSmallest(values: Float64Array, n: number): number {
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
}
