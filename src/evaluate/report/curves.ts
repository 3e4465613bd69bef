import { type Html, html } from '../../runtime/index.js';
import { plural } from './formatNumbers.js';
import { type Line, type LineChart, lineChart } from './lineChart.js';
import type { EpochRecord, RunHistory } from './runHistory.js';

/** A value of an epoch; missing if it was not recorded. */
type EpochValue = (epoch: EpochRecord) => number | null | undefined;

/** Finds the epoch whose model was kept: the last one that was the best so far. */
export function findBestEpoch(epochs: readonly EpochRecord[]): EpochRecord | null {
  return epochs.findLast(({ validation }) => validation?.best === true) ?? null;
}

/** Lists a value over the epochs. */
export function epochPoints(epochs: readonly EpochRecord[], value: EpochValue): Line['points'] {
  return epochs.map((epoch) => ({ x: epoch.epoch, y: value(epoch) ?? null }));
}

/** Loss and validation metrics of a run by epoch. */
export function metricCurves({ epochs }: RunHistory): LineChart[] {
  const best = findBestEpoch(epochs);
  const mark = best === null ? null : { x: best.epoch, name: 'best' };
  const nodules = Math.max(0, ...epochs.map(({ validation }) => validation?.nodules.nodules ?? 0));
  const validationCurve = (title: string, yLabel: string, value: EpochValue): LineChart => ({
    title,
    xLabel: 'epoch',
    yLabel,
    lines: [{ name: 'validation', points: epochPoints(epochs, value) }],
    mark,
  });
  const foundCurve = validationCurve(
    `Nodules found, of ${nodules}`,
    'nodules found',
    ({ validation }) => validation?.nodules.found,
  );
  return [
    {
      title: 'Loss',
      xLabel: 'epoch',
      yLabel: 'mean loss',
      fromZero: false,
      mark,
      lines: [
        { name: 'training', points: epochPoints(epochs, ({ training }) => training?.metrics.loss.all) },
        { name: 'validation', points: epochPoints(epochs, ({ validation }) => validation?.metrics.loss.all) },
      ],
    },
    validationCurve('Selection score', 'score', ({ validation }) => validation?.score),
    validationCurve('3D Dice of the nodules', 'mean Dice', ({ validation }) => validation?.nodules.dice3d),
    nodules === 0 ? foundCurve : { ...foundCurve, top: nodules },
    validationCurve('False positives', 'per scan', ({ validation }) => validation?.nodules.falsePerScan),
  ];
}

export function curvesSection(history: RunHistory): Html {
  const { epochs, start } = history;
  if (epochs.length === 0) return html`<p class="soft">No epoch is finished yet.</p>`;
  const scans = start === null ? 'the validation scans' : plural(start.validationScans, 'validation scan');
  return html`<p class="soft">Recorded after each epoch on ${scans}, at the threshold of the run.
The selection score chooses the best model; “best” marks its epoch.</p>
<div class="charts">${metricCurves(history).map(lineChart)}</div>`;
}
