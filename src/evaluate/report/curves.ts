import { type Html, html } from '../../runtime/index.js';
import { type LineChart, lineChart } from './lineChart.js';
import type { EpochRecord, RunHistory } from './runHistory.js';

/** The epoch whose model was kept: the last one that was the best so far. */
export const bestEpochOf = (epochs: readonly EpochRecord[]): EpochRecord | null =>
  epochs.findLast(({ validation }) => validation?.best === true) ?? null;

/** What the run says of each epoch, as curves. */
export function curvesOf({ epochs }: RunHistory): LineChart[] {
  const points = (of: (epoch: EpochRecord) => number | null | undefined) =>
    epochs.map((one) => ({ x: one.epoch, y: of(one) ?? null }));
  const best = bestEpochOf(epochs);
  const mark = best === null ? null : { x: best.epoch, name: 'best' };
  const nodules = Math.max(0, ...epochs.map(({ validation }) => validation?.nodules.nodules ?? 0));
  const one = (title: string, yLabel: string, of: (epoch: EpochRecord) => number | null | undefined, top?: number) => ({
    title,
    xLabel: 'epoch',
    yLabel,
    lines: [{ name: 'validation', points: points(of) }],
    mark,
    ...(top !== undefined && { top }),
  });
  return [
    {
      title: 'Loss',
      xLabel: 'epoch',
      yLabel: 'mean loss',
      fromZero: false,
      mark,
      lines: [
        { name: 'training', points: points(({ training }) => training?.metrics.loss.all) },
        { name: 'validation', points: points(({ validation }) => validation?.metrics.loss.all) },
      ],
    },
    one('Score that picks the best model', 'score', ({ validation }) => validation?.score),
    one('3D Dice of the nodules', 'mean Dice', ({ validation }) => validation?.nodules.dice3d),
    one(
      `Nodules found, of ${nodules}`,
      'nodules found',
      ({ validation }) => validation?.nodules.found,
      nodules || undefined,
    ),
    one('False components', 'false per scan', ({ validation }) => validation?.nodules.falsePerScan),
  ];
}

export function curvesSection(history: RunHistory): Html {
  const { validationScans } = history.start ?? {};
  return html`<h2 id="curves">Curves</h2>
<p class="soft">${
    history.epochs.length === 0
      ? 'No epoch is done yet.'
      : `As the run recorded them after each epoch, on ${validationScans ?? 'its'} validation scans, at its own threshold. Best: the epoch whose model was kept.`
  }</p>
${history.epochs.length === 0 ? '' : html`<div class="charts">${curvesOf(history).map(lineChart)}</div>`}`;
}
