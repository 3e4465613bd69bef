import { type Html, html } from '../../runtime/index.js';
import type { Interval } from '../../score/index.js';
import type { Figures } from '../figures.js';
import { dash, fixed, intervalText } from './formats.js';
import type { ValidationScores } from './scoreValidation.js';

interface Row {
  name: string;
  value: string;
  interval: Interval | null;
  /** Where the interval's picture ends; shares end at 1. */
  top: number;
  estimate: number | null;
}

/** The figures of `evaluate` (docs/reference/figures.md) with their intervals. */
export function figureRows(figures: Figures): Row[] {
  const { found, missed, leftEmpty, withoutAgreement, sensitivity, falsePerScan, dice3d, intervals } = figures;
  const agreed = figures.nodules - withoutAgreement;
  const part = (some: number, all: number, of: number | null) => `${some} of ${all} = ${fixed(of)}`;
  // A score.json of an earlier version has fewer figures.
  const share = (
    name: string,
    estimate: number | null | undefined,
    interval: Interval | null | undefined,
    value = fixed(estimate),
  ): Row => ({ ...{ name, value }, interval: interval ?? null, estimate: estimate ?? null, top: 1 });
  return [
    share('nodules found', sensitivity, intervals.sensitivity, part(found, agreed, sensitivity)),
    share('missed (Dice 0)', figures.missedShare, intervals.missedShare, part(missed, agreed, figures.missedShare)),
    share('3D Dice, mean', dice3d.mean, intervals.dice3d),
    share('3D Dice, median', dice3d.median, intervals.dice3dMedian),
    share('3D Dice, pooled voxels', dice3d.pooled, intervals.dice3dPooled),
    ...(withoutAgreement === 0
      ? []
      : [
          share(
            'without agreement, left empty',
            figures.leftEmptyShare,
            intervals.leftEmptyShare,
            part(leftEmpty, withoutAgreement, figures.leftEmptyShare),
          ),
          share('joint', figures.joint, intervals.joint),
          share('joint of an empty prediction', figures.jointOfEmpty, intervals.jointOfEmpty),
        ]),
    share('score that picks the best model', figures.quality, intervals.quality),
    {
      name: 'false components per scan',
      value: fixed(falsePerScan),
      interval: intervals.falsePerScan,
      estimate: falsePerScan,
      top: Math.max(1, Math.ceil(intervals.falsePerScan?.high ?? falsePerScan)),
    },
  ];
}

export function figuresSection(scores: ValidationScores): Html {
  const { figures, point } = scores;
  return html`<h3 class="group">On the validation part</h3>${table(figures)}
<p class="soft">Over ${figures.scans} scans of ${figures.patients} patients, as <code>nodule-train evaluate</code> counts: probability above ${point.threshold}, components of at least ${point.minimumVoxels} voxels${point.minimumScore > 0 ? ` and a mean probability of at least ${Number(point.minimumScore.toFixed(3))}` : ''}. Intervals are percentiles of a bootstrap that draws patients with replacement, 2,000 times (Efron 1979)${figures.patients < 20 ? `; of ${figures.patients} patients they are only a rough guide, and rather too narrow` : ''}.
The model was chosen on these very scans, so expect somewhat less on others.</p>`;
}

/** Scans that neither trained nor chose anything. */
export const heldOutSection = (figures: Figures): Html =>
  html`<h3 class="group">On scans that were held out</h3>${table(figures)}
<p class="soft">From score.json of the run: ${figures.scans} scans of ${figures.patients} patients.</p>
`;

function table(figures: Figures): Html {
  const rows = figureRows(figures).map(
    (row) =>
      html`<tr><td>${row.name}</td><td class="number">${row.value}</td><td class="number">${intervalText(row.interval)}</td><td class="bars">${bar(row)}</td></tr>`,
  );
  return html`<div class="wide"><table><tr><th>figure</th><th class="number">value</th><th class="number">95 % interval</th><th class="bars"></th></tr>${rows}</table></div>`;
}

/** The interval as a line on 0…top, the value as a point. */
function bar({ interval, estimate, top }: Row): Html {
  if (estimate === null) return html`${dash}`;
  const x = (value: number) => Number((4 + (Math.min(value, top) / top) * 152).toFixed(1));
  const line = interval === null ? '' : html`<path class="range" d="M${x(interval.low)} 8H${x(interval.high)}"/>`;
  return html`<svg viewBox="0 0 160 28" width="160" height="28" aria-hidden="true"><path class="axis" d="M4 12v4h152v-4"/>${line}<circle class="s0" cx="${x(estimate)}" cy="8" r="4"/><text x="4" y="27">0</text><text x="156" y="27" text-anchor="end">${top}</text></svg>`;
}
