import type { WorldLPS } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/index.js';
import { bootstrapIntervals, type Interval } from './bootstrap.js';

/** A place that a detector marked. */
export interface FrocMark {
  readonly center: WorldLPS;
  /** Higher is more suspicious; any scale. */
  readonly probability: number;
}

/** A nodule, or a finding that counts neither as a nodule nor as a false positive. */
export interface FrocNodule {
  readonly center: WorldLPS;
  /** Null if unknown: then 10 mm, as in LUNA16. */
  readonly diameterMm: number | null;
}

/** One scan with its truth and its marks. */
export interface FrocScan {
  readonly uid: string;
  readonly nodules: readonly FrocNodule[];
  readonly excluded: readonly FrocNodule[];
  readonly marks: readonly FrocMark[];
}

export interface FrocOptions {
  /** Number of marks that count in each scan, the most probable ones; 0: all. Default 100, as in LUNA16. */
  maximumMarks?: number;
  /** Number of bootstrap samples; default 1,000. */
  bootstraps?: number;
  /** Random seed of the bootstrap; default 1. */
  seed?: number;
}

/** One operating point of a detector: marks with a probability of at least `threshold`. */
export interface FrocPoint {
  threshold: number;
  falsePerScan: number;
  /** Share of the nodules that are found; null if there are no nodules. */
  sensitivity: number | null;
}

/** Free-response ROC of a detector; docs/guide/froc.md has the rule. */
export interface Froc {
  scans: number;
  nodules: number;
  /** Nodules hit by a mark that counts. */
  found: number;
  marks: {
    /** On these scans. */
    total: number;
    /** Not counted, because the scan has more marks than count. */
    beyondMaximum: number;
    /** Of those that count: on a nodule, on an excluded finding only, on neither. */
    onNodules: number;
    onExcluded: number;
    falsePositives: number;
  };
  /** Sensitivity at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false positives per scan, with 95 % intervals. */
  sensitivities: { falsePerScan: number; sensitivity: number | null; interval: Interval | null }[];
  /** Competition performance metric: mean of the seven sensitivities. */
  cpm: number | null;
  cpmInterval: Interval | null;
  /** Why there are no intervals; null if there are. */
  noInterval: string | null;
  /** One point per distinct probability, descending. */
  curve: FrocPoint[];
  /** 95 % interval of the sensitivity at 97 false-positive rates from 1/8 to 8, evenly spaced in log2. */
  band: { falsePerScan: number; low: number; high: number }[] | null;
  /** The most probable mark on each nodule; null if none. In the order of the scans and their nodules. */
  best: (FrocNodule & { uid: string; probability: number | null })[];
}

/** The rates at which LUNA16 reads the curve. */
export const FROC_RATES = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8] as const;

/** Diameter in mm of a nodule whose diameter is unknown, in LUNA16's rule. */
const UNKNOWN_DIAMETER_MM = 10;
/** With fewer scans, an interval over scans means nothing. */
const FEWEST_SCANS = 10;
const STEPS_PER_OCTAVE = 16;
const GRID = Float64Array.from({ length: 6 * STEPS_PER_OCTAVE + 1 }, (_, n) => 2 ** (n / STEPS_PER_OCTAVE - 3));

/**
 * Computes the FROC of a detector by LUNA16's rule (Setio et al. 2017, doi 10.1016/j.media.2017.06.015).
 *
 * A mark hits a nodule if its distance to the centre is less than the radius. The most probable hit counts for the
 * nodule; further hits are ignored, and so are marks that hit excluded findings and no nodule. All others are false
 * positives. The sensitivity between two operating points is interpolated linearly in the false positives per scan.
 * @throws NoduleTrainError `froc-options` (no scans, one twice, an option out of range, or a number that is not finite)
 */
export function computeFroc(
  scans: readonly FrocScan[],
  { maximumMarks = 100, bootstraps = 1000, seed = 1 }: FrocOptions = {},
): Froc {
  check(scans, maximumMarks, bootstraps);
  const matches = scans.map((scan) => matchMarks(scan, maximumMarks));
  const entries = sortEntries(matches);
  const nodules = matches.map(({ best }) => best.length);
  const total = nodules.reduce((sum, count) => sum + count, 0);
  const once = new Uint32Array(scans.length).fill(1);
  const atGrid = total === 0 ? null : interpolate(entries, once, total);
  const sum = (count: (match: Match) => number) => matches.reduce((all, match) => all + count(match), 0);
  const marks = {
    total: scans.reduce((all, scan) => all + scan.marks.length, 0),
    beyondMaximum: sum(({ beyondMaximum }) => beyondMaximum),
    onNodules: sum(({ onNodules }) => onNodules),
    onExcluded: sum(({ onExcluded }) => onExcluded),
    falsePositives: sum(({ falsePositives }) => falsePositives.length),
  };
  const tooFew = total === 0 || scans.length < FEWEST_SCANS;
  const intervals = tooFew ? null : gridIntervals(entries, nodules, { resamples: bootstraps, seed });
  return {
    scans: scans.length,
    nodules: total,
    found: sum(({ best }) => best.filter((probability) => probability !== null).length),
    marks,
    sensitivities: FROC_RATES.map((falsePerScan, n) => ({
      falsePerScan,
      sensitivity: atGrid?.[n * STEPS_PER_OCTAVE] ?? null,
      interval: intervals?.grid[n * STEPS_PER_OCTAVE] ?? null,
    })),
    cpm: atGrid && meanAtRates(atGrid),
    cpmInterval: intervals?.cpm ?? null,
    noInterval: intervals ? null : whyNoInterval(scans.length, total),
    curve: operatingPoints(entries, scans.length, total),
    band: intervals?.grid.map(({ low, high }, n) => ({ falsePerScan: GRID[n]!, low, high })) ?? null,
    best: scans.flatMap(({ uid, nodules: own }, n) =>
      own.map(({ center, diameterMm }, k) => ({ uid, center, diameterMm, probability: matches[n]!.best[k]! })),
    ),
  };
}

function whyNoInterval(scans: number, nodules: number): string {
  if (nodules === 0) return 'there are no nodules';
  return scans < FEWEST_SCANS
    ? `intervals need at least ${FEWEST_SCANS} scans, and there are ${scans}`
    : 'no bootstrap sample had a nodule';
}

function check(scans: readonly FrocScan[], maximumMarks: number, bootstraps: number): void {
  const refuse = (found: string, expected: string): never => {
    throw new NoduleTrainError('froc-options', `computing the FROC: found ${found}, expected ${expected}.`);
  };
  if (scans.length === 0) refuse('no scans', 'at least one');
  if (!Number.isInteger(maximumMarks) || maximumMarks < 0)
    refuse(`maximumMarks ${maximumMarks}`, 'a whole number, or 0 for all marks');
  if (!Number.isInteger(bootstraps) || bootstraps < 1) refuse(`bootstraps ${bootstraps}`, 'a whole number above 0');
  const seen = new Set<string>();
  for (const { uid, nodules, excluded, marks } of scans) {
    if (seen.has(uid)) refuse(`scan ${uid} twice`, 'each scan once');
    seen.add(uid);
    for (const { center, diameterMm } of [...nodules, ...excluded])
      if (!center.every(Number.isFinite) || (diameterMm !== null && !(diameterMm > 0 && Number.isFinite(diameterMm))))
        refuse(
          `a nodule of scan ${uid} at ${center.join(', ')} with diameter ${diameterMm}`,
          'finite coordinates and a diameter above 0 mm, or null if it is unknown',
        );
    for (const { center, probability } of marks)
      if (!center.every(Number.isFinite) || !Number.isFinite(probability))
        refuse(`a mark of scan ${uid} at ${center.join(', ')} with probability ${probability}`, 'finite numbers');
  }
}

/** What the marks of one scan are. */
interface Match {
  /** Probability of the most probable mark on each nodule; null if there is none. */
  best: (number | null)[];
  /** Their probabilities. */
  falsePositives: number[];
  beyondMaximum: number;
  onNodules: number;
  onExcluded: number;
}

function matchMarks({ nodules, excluded, marks }: FrocScan, maximumMarks: number): Match {
  const counted = mostProbable(marks, maximumMarks);
  const best = nodules.map((): number | null => null);
  const falsePositives: number[] = [];
  let [onNodules, onExcluded] = [0, 0];
  for (const mark of counted) {
    let hits = 0;
    for (const [n, nodule] of nodules.entries()) {
      if (!isWithin(mark, nodule)) continue;
      hits++;
      best[n] = Math.max(best[n] ?? Number.NEGATIVE_INFINITY, mark.probability);
    }
    if (hits > 0) onNodules++;
    else if (excluded.some((finding) => isWithin(mark, finding))) onExcluded++;
    else falsePositives.push(mark.probability);
  }
  return { best, falsePositives, beyondMaximum: marks.length - counted.length, onNodules, onExcluded };
}

/**
 * Selects the marks that count: those more probable than the first one beyond the maximum. So of marks that tie there
 * none counts, as in LUNA16, and the order of the marks does not matter.
 */
function mostProbable(marks: readonly FrocMark[], maximum: number): readonly FrocMark[] {
  if (maximum === 0 || marks.length <= maximum) return marks;
  const bound = marks.map(({ probability }) => probability).sort((a, b) => b - a)[maximum]!;
  return marks.filter(({ probability }) => probability > bound);
}

function isWithin({ center: [x, y, z] }: FrocMark, { center, diameterMm }: FrocNodule): boolean {
  const radius = (diameterMm ?? UNKNOWN_DIAMETER_MM) / 2;
  return (center[0] - x) ** 2 + (center[1] - y) ** 2 + (center[2] - z) ** 2 < radius ** 2;
}

/** Found nodules and false positives of all scans, by descending probability. */
interface Entries {
  probability: Float64Array;
  /** Index of the scan. */
  scan: Uint32Array;
  /** 1: a nodule that is found at this probability, 0: a false positive. */
  isNodule: Uint8Array;
}

function sortEntries(matches: readonly Match[]): Entries {
  const list = matches.flatMap(({ best, falsePositives }, scan) => [
    ...best.flatMap((probability) => (probability === null ? [] : [{ probability, scan, isNodule: 1 }])),
    ...falsePositives.map((probability) => ({ probability, scan, isNodule: 0 })),
  ]);
  list.sort((a, b) => b.probability - a.probability);
  return {
    probability: Float64Array.from(list, ({ probability }) => probability),
    scan: Uint32Array.from(list, ({ scan }) => scan),
    isNodule: Uint8Array.from(list, ({ isNodule }) => isNodule),
  };
}

/** Lists the operating points, one for each distinct probability. */
function operatingPoints({ probability, isNodule }: Entries, scans: number, nodules: number): FrocPoint[] {
  const points: FrocPoint[] = [];
  let found = 0;
  for (let at = 0; at < probability.length; at++) {
    found += isNodule[at]!;
    if (probability[at] === probability[at + 1]) continue;
    points.push({
      threshold: probability[at]!,
      falsePerScan: (at + 1 - found) / scans,
      sensitivity: nodules === 0 ? null : found / nodules,
    });
  }
  return points;
}

/**
 * Interpolates the sensitivity at the rates of `GRID`. Beyond the last operating point it stays the same; at a rate
 * with several points the highest counts.
 * @param weights how often each scan is in the sample
 * @param nodules nodules in the sample
 */
function interpolate({ probability, scan, isNodule }: Entries, weights: Uint32Array, nodules: number): Float64Array {
  const values = new Float64Array(GRID.length);
  let [found, wrong, next] = [0, 0, 0];
  let [lastRate, lastSensitivity] = [0, 0];
  for (let at = 0; at < probability.length && next < GRID.length; at++) {
    const weight = weights[scan[at]!]!;
    if (isNodule[at] === 1) found += weight;
    else wrong += weight;
    if (probability[at] === probability[at + 1]) continue;
    const rate = wrong / weights.length;
    const sensitivity = found / nodules;
    for (; next < GRID.length && GRID[next]! < rate; next++)
      values[next] = lastSensitivity + ((sensitivity - lastSensitivity) * (GRID[next]! - lastRate)) / (rate - lastRate);
    lastRate = rate;
    lastSensitivity = sensitivity;
  }
  return values.fill(lastSensitivity, next);
}

function meanAtRates(values: Float64Array): number {
  return FROC_RATES.reduce((sum, _, n) => sum + values[n * STEPS_PER_OCTAVE]!, 0) / FROC_RATES.length;
}

/** Computes intervals of the CPM and of the sensitivity at each rate of `GRID`, by bootstrap over scans. */
function gridIntervals(entries: Entries, nodules: readonly number[], options: { resamples: number; seed: number }) {
  const weights = new Uint32Array(nodules.length);
  const indices = nodules.map((_, n) => n);
  const names = [...GRID.keys()];
  const found = bootstrapIntervals(
    indices,
    (sample): Record<string, number | null> => {
      weights.fill(0);
      let total = 0;
      for (const scan of sample) {
        weights[scan]!++;
        total += nodules[scan]!;
      }
      // A sample without a nodule has no sensitivity.
      const values = total === 0 ? null : interpolate(entries, weights, total);
      const figures: Record<string, number | null> = { cpm: values && meanAtRates(values) };
      for (const n of names) figures[`at ${n}`] = values && values[n]!;
      return figures;
    },
    options,
  );
  const grid = names.map((n) => found[`at ${n}`]);
  return grid.includes(null) ? null : { grid: grid as Interval[], cpm: found.cpm as Interval };
}
