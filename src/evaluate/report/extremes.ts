/** Something with a rank and what it takes to show it, which is made only where it is among the first or the last. */
export interface Ranked<Shown> {
  /** The greater the better. */
  rank: readonly number[];
  shown: Shown;
}

/** Keeps the best and the worst of many, and of the rest nothing, so that memory does not grow with them. Ranks are compared number by number. */
export function extremes<Shown>(most: number) {
  const best: Ranked<Shown>[] = [];
  const worst: Ranked<Shown>[] = [];
  let count = 0;
  const put = (list: Ranked<Shown>[], rank: readonly number[], sign: 1 | -1, make: () => Shown) => {
    const before = list.findIndex((one) => sign * compare(rank, one.rank) > 0);
    const place = before < 0 ? list.length : before;
    if (place >= most) return;
    list.splice(place, 0, { rank, shown: make() });
    list.length = Math.min(list.length, most);
  };
  return {
    add(rank: readonly number[], show: () => Shown): void {
      count++;
      let made: Shown | null = null;
      const make = () => {
        made ??= show();
        return made;
      };
      put(best, rank, 1, make);
      put(worst, rank, -1, make);
    },
    /** Best first and worst first; nothing is in both lists. */
    read: (): { best: Shown[]; worst: Shown[] } => ({
      best: best.slice(0, Math.ceil(count / 2)).map(({ shown }) => shown),
      worst: worst.slice(0, Math.floor(count / 2)).map(({ shown }) => shown),
    }),
  };
}

function compare(a: readonly number[], b: readonly number[]): number {
  const n = a.findIndex((value, place) => value !== b[place]);
  return n < 0 ? 0 : a[n]! - b[n]!;
}
