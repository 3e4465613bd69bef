/** An item with its rank. */
interface Ranked<Item> {
  /** Compared number by number; greater is better. */
  rank: readonly number[];
  item: Item;
}

/**
 * Keeps the `most` best and the `most` worst of many items. An item is made only if it enters one of the lists, so
 * memory does not grow with the number of items.
 */
export function extremes<Item>(most: number) {
  const best: Ranked<Item>[] = [];
  const worst: Ranked<Item>[] = [];
  let count = 0;
  const insert = (list: Ranked<Item>[], rank: readonly number[], sign: 1 | -1, make: () => Item) => {
    const before = list.findIndex((other) => sign * compare(rank, other.rank) > 0);
    const place = before < 0 ? list.length : before;
    if (place >= most) return;
    list.splice(place, 0, { rank, item: make() });
    list.length = Math.min(list.length, most);
  };
  return {
    add(rank: readonly number[], make: () => Item): void {
      count++;
      let made: Item | null = null;
      const makeOnce = () => {
        made ??= make();
        return made;
      };
      insert(best, rank, 1, makeOnce);
      insert(worst, rank, -1, makeOnce);
    },
    /** Returns the best, best first, and the worst, worst first; no item is in both lists. */
    read: (): { best: Item[]; worst: Item[] } => ({
      best: best.slice(0, Math.ceil(count / 2)).map(({ item }) => item),
      worst: worst.slice(0, Math.floor(count / 2)).map(({ item }) => item),
    }),
  };
}

function compare(a: readonly number[], b: readonly number[]): number {
  const n = a.findIndex((value, place) => value !== b[place]);
  return n < 0 ? 0 : a[n]! - b[n]!;
}
