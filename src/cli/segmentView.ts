import type { Nodule } from '../model/index.js';
import { clock } from './progress.js';
import { createTable, figure, plural } from './text.js';

/** Rows of a table in the terminal: the nodules with the highest scores. */
const MAX_ROWS = 20;

/** The lines of the table of a scan's nodules, at most 80 columns wide; one line without nodules. */
export function nodulesTable(nodules: readonly Nodule[]): string[] {
  if (nodules.length === 0) return ['No nodules.'];
  const inMm = nodules.some(({ longAxisMm }) => longAxisMm !== null);
  const table = createTable([
    'no.',
    'score',
    'slice',
    ...(inMm ? ['long × short, mm', 'volume, mm³'] : ['voxels']),
    'texture',
  ]);
  for (const nodule of nodules.slice(0, MAX_ROWS)) {
    const { number, score, axes, longAxisMm, shortAxisMm, volumeMm3, voxels, texture } = nodule;
    const size = inMm
      ? [`${figure(longAxisMm, 1)} × ${figure(shortAxisMm, 1)}`, volumeMm3 === null ? '–' : grouped(volumeMm3)]
      : [grouped(voxels)];
    const cells = [String(number), figure(score, 2), String(axes.slice), ...size];
    table.push([...cells.map((content) => ({ content, hAlign: 'right' as const })), texture ?? '–']);
  }
  const hidden = nodules.length - MAX_ROWS;
  const rest =
    hidden > 0 ? [`${plural(hidden, 'more nodule')} with lower scores: see nodules.csv or nodules.json.`] : [];
  return [...table.toString().split('\n'), ...rest];
}

function grouped(value: number): string {
  return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value).toLocaleString('en');
}

/** What a batch did. */
export interface BatchCounts {
  /** Scans segmented in this run, and those whose results were there. */
  done: number;
  skipped: number;
  /** Nodules and scans without any, over both. */
  nodules: number;
  withoutNodules: number;
  seconds: number;
  /** Scans that failed: name for people and the first line of the error. */
  failed: readonly { name: string; reason: string }[];
}

/** The lines at the end of a batch: what was done, then the scans that failed with their reasons. */
export function batchSummary({ done, skipped, nodules, withoutNodules, seconds, failed }: BatchCounts): string[] {
  const scans = [
    `${plural(done, 'scan')} segmented in ${clock(seconds)}`,
    ...(skipped > 0 ? [`${skipped} already finished`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ];
  const found = `${plural(nodules, 'nodule')} in ${plural(done + skipped - withoutNodules, 'scan')}`;
  return [
    `${scans.join(', ')}.`,
    ...(done + skipped > 0 ? [`${found}; ${withoutNodules} without any.`] : []),
    ...failed.map(({ name, reason }) => `Failed: ${name}: ${reason}`),
  ];
}
