import type { Interval } from '../../score/index.js';

/** For what is not there. */
export const dash = '–';

export const fixed = (value: number | null | undefined, digits = 2): string =>
  value === null || value === undefined ? dash : value.toFixed(digits);

export const percent = (share: number | null): string => (share === null ? dash : `${(100 * share).toFixed(0)} %`);

export const intervalText = (interval: Interval | null | undefined, digits = 2): string =>
  interval ? `${interval.low.toFixed(digits)} to ${interval.high.toFixed(digits)}` : dash;

export function duration(seconds: number | null): string {
  if (seconds === null) return dash;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const gigabytes = (bytes: number | null): string => (bytes === null ? dash : `${(bytes / 1e9).toFixed(2)} GB`);
