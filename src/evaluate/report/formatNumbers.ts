import { type Html, html } from '../../runtime/index.js';
import type { Interval } from '../../score/index.js';

/** Stands for a missing value. */
export const DASH = '–';

export function fixed(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined ? DASH : value.toFixed(digits);
}

export function intervalText(interval: Interval | null | undefined, digits = 2): string {
  return interval ? `${interval.low.toFixed(digits)} to ${interval.high.toFixed(digits)}` : DASH;
}

export function duration(seconds: number | null): string {
  if (seconds === null) return DASH;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function gigabytes(bytes: number | null): string {
  return bytes === null ? DASH : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** A number with its noun: `1 scan`, `2 scans`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** Rounds a coordinate of a drawing. */
export function coordinate(value: number): number {
  return Number(value.toFixed(1));
}

/** A large value over its name, for the boxes of class `counts`. */
export function countBox(value: string | number, name: string): Html {
  return html`<div><b>${value}</b>${name}</div>`;
}
