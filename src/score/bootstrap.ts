import { NoduleTrainError } from '../runtime/error.js';

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
export function bootstrapInterval<Patient>(
  patients: readonly Patient[],
  statistic: (drawn: readonly Patient[]) => number | null,
  { seed = 1, resamples = 2000, level = 0.95 }: IntervalOptions = {},
): Interval | null {
  if (!(level > 0 && level < 1) || !(resamples >= 1)) {
    throw new NoduleTrainError(
      'interval-options',
      `Computing an interval: level ${level} and ${resamples} resamples were given; level must lie between 0 and 1, resamples be at least 1`,
    );
  }
  if (patients.length === 0) return null;
  const random = mulberry32(seed);
  const values: number[] = [];
  for (let n = 0; n < resamples; n++) {
    const drawn = patients.map(() => patients[Math.floor(random() * patients.length)]!);
    const value = statistic(drawn);
    if (value !== null) values.push(value);
  }
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2) };
}

/** Linear between order statistics, as numpy's default. */
function quantile(sorted: readonly number[], q: number): number {
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
