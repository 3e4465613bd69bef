/** The number of sorted `values` below `limit`. */
const rank = (values: Float64Array, limit: number): number => {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** How often the most common of the values from one rank to another occurs, and how many there are. */
const runsOf = (values: Float64Array, from: number, to: number): { most: number; distinct: number } => {
  let [most, distinct, run] = [0, 0, 0];
  for (let k = from; k < to; k++) {
    run = k > from && values[k] === values[k - 1] ? run + 1 : 1;
    if (run === 1) distinct++;
    if (run > most) most = run;
  }
  return { most, distinct };
};

/** Peaks in HU. The air of a scan may be clipped to one value, as may be what lies outside the scanner's circle. */
const [darkFrom, darkTo] = [-1150, -650];
const [softFrom, softTo] = [-150, 150];
/** Between lung and fat: only voxels that are part of both. */
const [valleyFrom, valleyTo] = [-450, -200];
/** Denser than bone and teeth. */
const metalFrom = 3100;

/** What the peaks must have to be evidence, as shares of all values unless noted. */
export interface Demands {
  readonly dark: number;
  readonly soft: number;
  /** Most of the valley's density, as a share of that of each peak. */
  readonly valley: number;
  /** Least number of distinct values in each peak. */
  readonly distinct: number;
  /** Least share of each peak without its most common value. */
  readonly spread: number;
}
export const usual: Demands = { dark: 0.05, soft: 0.05, valley: 0.8, distinct: 20, spread: 0.01 };
/** For an inverted scan, as bone beside soft tissue resembles it. */
export const strict: Demands = { ...usual, dark: 0.2, soft: 0.1, valley: 0.3 };
/** For a phantom of a few values. */
export const blocks: Demands = { ...strict, distinct: 1, spread: 0 };

/** Most of the values may lie below air (besides one of padding), above metal, and above soft tissue. */
const mostBelow = 0.01;
const mostMetal = 0.02;
const mostBright = 0.35;

/** Where the peaks are, in the units of the values. */
export interface Fit {
  /** Median of air and lung. */
  readonly dark: number;
  /** Median of fat and soft tissue. */
  readonly soft: number;
  /** Number of values in both peaks. */
  readonly score: number;
}

/**
 * Checks whether `values / factor - shift` are distributed as HU; gives the medians of both peaks, in the units of
 * `values`, or null.
 */
export const fitHu = (values: Float64Array, factor: number, shift: number, demands = usual): Fit | null => {
  const count = values.length;
  const at = (hu: number): number => rank(values, (hu + shift) * factor);
  const [d0, d1] = [at(darkFrom), at(darkTo)];
  if (d1 - d0 < demands.dark * count) return null;
  const [s0, s1] = [at(softFrom), at(softTo)];
  if (s1 - s0 < demands.soft * count) return null;
  const valley = (at(valleyTo) - at(valleyFrom)) / (valleyTo - valleyFrom);
  if (valley > (demands.valley * (s1 - s0)) / (softTo - softFrom)) return null;
  if (valley > (demands.valley * (d1 - d0)) / (darkTo - darkFrom)) return null;
  if (count - s1 > mostBright * count) return null;
  const metal = at(metalFrom);
  if (count - metal - runsOf(values, metal, count).most > mostMetal * count) return null;
  if (d0 - runsOf(values, 0, d0).most > mostBelow * count) return null;
  for (const [from, to] of [
    [d0, d1],
    [s0, s1],
  ] as const) {
    const { most, distinct } = runsOf(values, from, to);
    if (distinct < demands.distinct || to - from - most < demands.spread * count) return null;
  }
  return { dark: values[(d0 + d1) >> 1]!, soft: values[(s0 + s1) >> 1]!, score: d1 - d0 + s1 - s0 };
};
