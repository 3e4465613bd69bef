import { type Html, html } from '../../runtime/index.js';
import type { Interval } from '../../score/index.js';
import type { Figures } from '../figures.js';
import { coordinate, DASH, fixed, intervalText, plural } from './formatNumbers.js';
import type { ValidationScores } from './scoreValidation.js';
import { table } from './table.js';

interface Row {
  name: string;
  /** The estimate as text. */
  value: string;
  interval: Interval | null;
  estimate: number | null;
  /** Upper end of the drawn scale; 1 for shares. */
  top: number;
}

/** With fewer patients, the text warns that percentile intervals are too narrow. */
const FEW_PATIENTS = 20;

/** The figures of `evaluate` (docs/reference/figures.md) with their intervals. */
export function figureRows(figures: Figures): Row[] {
  const { found, missed, leftEmpty, withoutAgreement, sensitivity, falsePerScan, dice3d, intervals } = figures;
  const agreed = figures.nodules - withoutAgreement;
  const fraction = (part: number, whole: number, share: number | null) => `${part} of ${whole} = ${fixed(share)}`;
  // A score.json of an earlier version has fewer figures.
  const row = (
    name: string,
    estimate: number | null | undefined,
    interval: Interval | null | undefined,
    value = fixed(estimate),
  ): Row => ({ name, value, interval: interval ?? null, estimate: estimate ?? null, top: 1 });
  return [
    row('nodules found', sensitivity, intervals.sensitivity, fraction(found, agreed, sensitivity)),
    row(
      'nodules missed (Dice 0)',
      figures.missedShare,
      intervals.missedShare,
      fraction(missed, agreed, figures.missedShare),
    ),
    row('3D Dice, mean', dice3d.mean, intervals.dice3d),
    row('3D Dice, median', dice3d.median, intervals.dice3dMedian),
    row('3D Dice, all voxels pooled', dice3d.pooled, intervals.dice3dPooled),
    ...(withoutAgreement === 0
      ? []
      : [
          row(
            'left empty, of those without agreement',
            figures.leftEmptyShare,
            intervals.leftEmptyShare,
            fraction(leftEmpty, withoutAgreement, figures.leftEmptyShare),
          ),
          row('joint score of all nodules', figures.joint, intervals.joint),
          row('joint score of an empty prediction', figures.jointOfEmpty, intervals.jointOfEmpty),
        ]),
    row('selection score', figures.quality, intervals.quality),
    {
      name: 'false positives per scan',
      value: fixed(falsePerScan),
      interval: intervals.falsePerScan,
      estimate: falsePerScan,
      top: Math.max(1, Math.ceil(intervals.falsePerScan?.high ?? falsePerScan)),
    },
  ];
}

export function figuresSection({ figures, point }: ValidationScores): Html {
  const { scans, patients } = figures;
  const lowestScore =
    point.minimumScore > 0 ? ` and a mean probability of at least ${Number(point.minimumScore.toFixed(3))}` : '';
  const caution =
    patients < FEW_PATIENTS ? `; with ${plural(patients, 'patient')} they are a rough guide, and too narrow` : '';
  return html`<h3 class="group">On the validation scans</h3>${figuresTable(figures)}
<p class="soft">${plural(scans, 'scan')} of ${plural(patients, 'patient')}, counted as in
<code>nodule-train evaluate</code>: voxels with a probability above ${point.threshold}, components of at least
${plural(point.minimumVoxels, 'voxel')}${lowestScore}. The intervals are percentiles of 2,000 bootstrap samples of the
patients (Efron 1979)${caution}. The best model was chosen on these scans, so expect lower figures on other scans.</p>`;
}

/** Figures on scans that were used neither for training nor for any choice. */
export function heldOutSection(figures: Figures): Html {
  return html`<h3 class="group">On held-out scans</h3>${figuresTable(figures)}
<p class="soft">From score.json of the run: ${plural(figures.scans, 'scan')} of
${plural(figures.patients, 'patient')}.</p>
`;
}

const COLUMNS = [
  { title: 'figure' },
  { title: 'value', kind: 'number' },
  { title: '95 % interval', kind: 'number' },
  { title: '', kind: 'bars' },
] as const;

function figuresTable(figures: Figures): Html {
  const rows = figureRows(figures).map((row) => [row.name, row.value, intervalText(row.interval), intervalBar(row)]);
  return table(COLUMNS, rows, 'figures');
}

/** Draws the estimate as a point and the interval as a line, on a scale from 0 to `top`. */
function intervalBar({ interval, estimate, top }: Row): Html {
  if (estimate === null) return html`${DASH}`;
  const x = (value: number) => coordinate(4 + (Math.min(value, top) / top) * 152);
  const line = interval === null ? '' : html`<path class="range" d="M${x(interval.low)} 7H${x(interval.high)}"/>`;
  return html`<svg viewBox="0 0 160 24" width="160" height="24" aria-hidden="true">
<path class="axis" d="M4 4v6M4 7h152M156 4v6"/>${line}<circle class="s0" cx="${x(estimate)}" cy="7" r="4"/>
<text x="4" y="22" text-anchor="middle">0</text>
<text x="156" y="22" text-anchor="${top < 10 ? 'middle' : 'end'}">${top}</text>
</svg>`;
}
