import { type Html, html } from '../../runtime/index.js';
import { dash, duration, fixed, gigabytes } from './formats.js';
import { type LineChart, lineChart } from './lineChart.js';
import type { EpochRecord, RunHistory } from './runHistory.js';

const peakOf = ({ training }: EpochRecord): number | null => training?.peakRssBytes ?? null;

/** Time and memory of a run's epochs. */
export function timeCurves({ epochs }: RunHistory): LineChart[] {
  const points = (of: (epoch: EpochRecord) => number | null | undefined) =>
    epochs.map((one) => ({ x: one.epoch, y: of(one) ?? null }));
  return [
    {
      title: 'Time of an epoch',
      xLabel: 'epoch',
      yLabel: 'seconds',
      lines: [
        { name: 'training', points: points(({ training }) => training?.seconds) },
        { name: 'validation', points: points(({ validation }) => validation?.seconds) },
      ],
    },
    {
      title: 'Most memory held so far',
      xLabel: 'epoch',
      yLabel: 'GB (resident set)',
      lines: [
        {
          name: 'peak RSS',
          points: epochs.map((one) => ({ x: one.epoch, y: peakOf(one) === null ? null : peakOf(one)! / 1e9 })),
        },
      ],
    },
  ];
}

export function timeSection(history: RunHistory): Html {
  const { epochs, resumes } = history;
  const sum = (of: (epoch: EpochRecord) => number | undefined) =>
    epochs.length === 0 ? null : epochs.reduce((total, one) => total + (of(one) ?? 0), 0);
  const peaks = epochs.flatMap((one) => peakOf(one) ?? []);
  const rates = epochs.flatMap(({ cropsPerSecond }) => cropsPerSecond ?? []).sort((a, b) => a - b);
  const count = (value: string, what: string) => html`<div><b>${value}</b>${what}</div>`;
  const rows = epochs.map(
    (one) =>
      html`<tr><td class="number">${one.epoch}</td><td class="number">${duration(one.training?.seconds ?? null)}</td><td class="number">${duration(one.validation?.seconds ?? null)}</td><td class="number">${fixed(one.cropsPerSecond, 1)}</td><td class="number">${gigabytes(peakOf(one))}</td></tr>`,
  );
  return html`<h2 id="time">Time and memory</h2>
<div class="counts">${[
    count(duration(sum(({ training }) => training?.seconds)), 'training'),
    count(duration(sum(({ validation }) => validation?.seconds)), 'validation'),
    count(rates.length === 0 ? dash : rates[rates.length >> 1]!.toFixed(1), 'crops per second'),
    count(gigabytes(peaks.length === 0 ? null : Math.max(...peaks)), 'peak memory'),
  ]}</div>
<p class="soft">Memory is the process's resident set at its highest, validation included${
    peaks.length < epochs.length ? ` (it was not recorded for ${epochs.length - peaks.length} of the epochs)` : ''
  }; memory of a GPU is not in it.${
    resumes > 0
      ? ` The run was resumed ${resumes === 1 ? 'once' : `${resumes} times`}: of an epoch that was interrupted only the time since then counts, and the memory is that of the last process.`
      : ''
  }</p>
${
  epochs.length === 0
    ? ''
    : html`<div class="charts">${timeCurves(history).map(lineChart)}</div>
<details><summary>Each epoch</summary><div class="wide"><table><tr><th class="number">epoch</th><th class="number">training</th><th class="number">validation</th><th class="number">crops per second</th><th class="number">peak memory so far</th></tr>${rows}</table></div></details>`
}`;
}
