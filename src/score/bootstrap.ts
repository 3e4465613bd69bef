import { NoduleTrainError } from '../runtime/index.js';

export interface Interval {
  low: number;
  high: number;
}

export interface IntervalOptions {
  /** Default 1. */
  seed?: number;
  /** How often patients are drawn anew; default 2,000. */
  resamples?: number;
  /** Share of the draws inside; default 0.95. */
  level?: number;
}

/**
 * Percentile interval of a statistic by bootstrap over patients (Efron 1979): whole patients are drawn with replacement, since nodules
 * and scans of one patient are alike. Draws for which the statistic is null (no nodule among them) are left out; null where none is left.
 */
export const bootstrapInterval = <Patient>(
  patients: readonly Patient[],
  statistic: (drawn: readonly Patient[]) => number | null,
  options: IntervalOptions = {},
): Interval | null => bootstrapIntervals(patients, (drawn) => ({ value: statistic(drawn) }), options).value;

/** {@link bootstrapInterval} of several statistics, from the same draws. */
export function bootstrapIntervals<Patient, Name extends string>(
  patients: readonly Patient[],
  statistics: (drawn: readonly Patient[]) => Record<Name, number | null>,
  { seed = 1, resamples = 2000, level = 0.95 }: IntervalOptions = {},
): Record<Name, Interval | null> {
  if (!(level > 0 && level < 1) || !(resamples >= 1)) {
    throw new NoduleTrainError(
      'interval-options',
      `Computing an interval: level ${level} and ${resamples} resamples were given; level must lie between 0 and 1, resamples be at least 1`,
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

/** Linear between order statistics, as numpy's default. */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

/** A small seeded generator of numbers in [0, 1) (mulberry32, public domain), enough for drawing patients. */
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
