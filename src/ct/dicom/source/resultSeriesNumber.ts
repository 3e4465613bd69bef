/** Kinds of objects made from a scan, each in a series of its own; the last digit of its SeriesNumber. */
const kinds = { binary: 1, labelmap: 2, sr: 3 } as const;

/**
 * Returns the SeriesNumber of objects made from a scan: the scan's and two digits, 4 and 91 giving 491; never the
 * scan's own.
 */
export function resultSeriesNumber(scan: number | null, kind: keyof typeof kinds): number {
  const number = Math.abs(scan ?? 0) * 100 + 90 + kinds[kind];
  // IS has 32 bits.
  return number < 2 ** 31 ? number : 90 + kinds[kind];
}
