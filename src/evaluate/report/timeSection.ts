import { upperMedian } from '../../ct/index.js';
import { type Html, html } from '../../runtime/index.js';
import { epochPoints } from './curves.js';
import { countBox, duration, fixed, gigabytes, plural } from './formatNumbers.js';
import { type LineChart, lineChart } from './lineChart.js';
import type { EpochRecord, RunHistory } from './runHistory.js';
import { table } from './table.js';

function peakBytes({ training }: EpochRecord): number | null {
  return training?.peakRssBytes ?? null;
}

/** Time and memory of a run by epoch. */
export function timeCurves({ epochs }: RunHistory): LineChart[] {
  const peakGigabytes = (epoch: EpochRecord) => {
    const bytes = peakBytes(epoch);
    return bytes === null ? null : bytes / 1e9;
  };
  return [
    {
      title: 'Time per epoch',
      xLabel: 'epoch',
      yLabel: 'seconds',
      lines: [
        { name: 'training', points: epochPoints(epochs, ({ training }) => training?.seconds) },
        { name: 'validation', points: epochPoints(epochs, ({ validation }) => validation?.seconds) },
      ],
    },
    {
      title: 'Peak memory so far',
      xLabel: 'epoch',
      yLabel: 'GB (resident set)',
      lines: [{ name: 'peak RSS', points: epochPoints(epochs, peakGigabytes) }],
    },
  ];
}

const COLUMNS = [
  { title: 'epoch', kind: 'number' },
  { title: 'training', kind: 'number' },
  { title: 'validation', kind: 'number' },
  { title: 'crops per second', kind: 'number' },
  { title: 'peak memory so far', kind: 'number' },
] as const;

export function timeSection(history: RunHistory): Html {
  const { epochs } = history;
  const sum = (seconds: (epoch: EpochRecord) => number | undefined) =>
    epochs.length === 0 ? null : epochs.reduce((total, epoch) => total + (seconds(epoch) ?? 0), 0);
  const peaks = epochs.flatMap((epoch) => peakBytes(epoch) ?? []);
  const rate = upperMedian(Float64Array.from(epochs.flatMap(({ cropsPerSecond }) => cropsPerSecond ?? [])));
  const counts = html`<div class="counts">${[
    countBox(duration(sum(({ training }) => training?.seconds)), 'training'),
    countBox(duration(sum(({ validation }) => validation?.seconds)), 'validation'),
    countBox(fixed(rate, 1), 'crops per second'),
    countBox(gigabytes(peaks.length === 0 ? null : Math.max(...peaks)), 'peak memory'),
  ]}</div>
<p class="soft">${explanation(history, epochs.length - peaks.length)}</p>`;
  if (epochs.length === 0) return counts;
  const rows = epochs.map((epoch) => [
    epoch.epoch,
    duration(epoch.training?.seconds ?? null),
    duration(epoch.validation?.seconds ?? null),
    fixed(epoch.cropsPerSecond, 1),
    gigabytes(peakBytes(epoch)),
  ]);
  return html`${counts}
<div class="charts">${timeCurves(history).map(lineChart)}</div>
<details><summary>All epochs</summary>${table(COLUMNS, rows)}</details>`;
}

function explanation({ resumes }: RunHistory, epochsWithoutMemory: number): string {
  const missing = epochsWithoutMemory === 0 ? '' : ` It was not recorded for ${plural(epochsWithoutMemory, 'epoch')}.`;
  const resumed =
    resumes === 0
      ? ''
      : ` The run was resumed ${resumes === 1 ? 'once' : `${resumes} times`}: the time of an interrupted epoch ` +
        'counts from the resumption, and memory is that of the last process.';
  return `Memory is the peak resident set of the process, including validation but not GPU memory.${missing}${resumed}`;
}
