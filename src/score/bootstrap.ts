import { NoduleTrainError } from '../runtime/index.js';

/** A confidence interval. */
export interface Interval {
  low: number;
  high: number;
}

export interface IntervalOptions {
  /** Random seed; default 1. */
  seed?: number;
  /** Number of bootstrap samples; default 2,000. */
  resamples?: number;
  /** Confidence level; default 0.95. */
  level?: number;
}

/**
 * Computes a percentile interval of a statistic by bootstrap over patients (Efron 1979). Draws whole patients with
 * replacement, because nodules and scans of one patient are alike. Skips samples for which the statistic is null (no
 * nodule among them).
 * @returns the interval; null if the statistic is null for all samples
 * @throws NoduleTrainError `interval-options`
 */
export const bootstrapInterval = <Patient>(
  patients: readonly Patient[],
  statistic: (sample: readonly Patient[]) => number | null,
  options: IntervalOptions = {},
): Interval | null => bootstrapIntervals(patients, (sample) => ({ value: statistic(sample) }), options).value;

/** Computes the {@link bootstrapInterval} of several statistics from the same samples. */
export function bootstrapIntervals<Patient, Name extends string>(
  patients: readonly Patient[],
  statistics: (sample: readonly Patient[]) => Record<Name, number | null>,
  { seed = 1, resamples = 2000, level = 0.95 }: IntervalOptions = {},
): Record<Name, Interval | null> {
  if (!(level > 0 && level < 1) || !(resamples >= 1)) {
    throw new NoduleTrainError(
      'interval-options',
      `computing an interval: level is ${level} and resamples ${resamples}, ` +
        'expected a level between 0 and 1 and at least 1 resample',
    );
  }
  const names = Object.keys(statistics(patients)) as Name[];
  const values = new Map<Name, number[]>(names.map((name) => [name, []]));
  const random = mulberry32(seed);
  for (let n = 0; n < resamples && patients.length > 0; n++) {
    const figures = statistics(patients.map(() => patients[Math.floor(random() * patients.length)]!));
    for (const name of names) {
      const value = figures[name];
      if (value !== null) values.get(name)!.push(value);
    }
  }
  const interval = (name: Name): Interval | null => {
    const sorted = Float64Array.from(values.get(name)!).sort();
    return sorted.length === 0
      ? null
      : { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
  };
  return Object.fromEntries(names.map((name) => [name, interval(name)])) as Record<Name, Interval | null>;
}

/** Quantile of at least one value by linear interpolation between order statistics, numpy's default. */
export function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

/** Seeded random numbers in [0, 1) (mulberry32, public domain), good enough to draw patients. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
