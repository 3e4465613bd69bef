/**
 * Calls `work` for every item, `atOnce` at a time, and returns the results in the order of the items. After an error no
 * new work begins, and the first one is thrown when all running work has ended.
 */
export const inParallel = async <Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, k: number) => Promise<Result>,
): Promise<Result[]> => {
  const results = new Array<Result>(items.length);
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const k = next++;
      try {
        results[k] = await work(items[k]!, k);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  const fault = lanes.find((one) => one.status === 'rejected');
  if (fault !== undefined) throw fault.reason;
  return results;
};
