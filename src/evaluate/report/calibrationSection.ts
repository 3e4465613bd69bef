import { type Html, html } from '../../runtime/index.js';
import { CALIBRATION_BINS, type CalibrationBins } from './calibration.js';
import { coordinate, fixed, intervalText } from './formatNumbers.js';
import { rotatedLabel } from './lineChart.js';
import type { CalibrationFigures } from './scoreValidation.js';
import { table } from './table.js';

const [WIDTH, HEIGHT] = [380, 330];
const AREA = { left: 58, right: 14, top: 12 };
/** Heights of the plot, of the space below it, and of the strip with the number of voxels. */
const [PLOT, GAP, STRIP] = [210, 12, 48];

/** Draws the share of nodule voxels by predicted probability, and below it the number of voxels. */
export function reliabilityDiagram(bins: CalibrationBins): Html {
  const wide = WIDTH - AREA.left - AREA.right;
  const x = (p: number) => coordinate(AREA.left + p * wide);
  const y = (share: number) => coordinate(AREA.top + (1 - share) * PLOT);
  const base = AREA.top + PLOT + GAP + STRIP;
  const middle = AREA.top + PLOT / 2;
  const most = Math.log10(Math.max(10, ...bins.count) + 1);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (quarter) => html`<path class="grid" d="M${AREA.left} ${y(quarter)}h${wide}"/>
<text x="${AREA.left - 6}" y="${y(quarter) + 4}" text-anchor="end">${quarter}</text>
<text x="${x(quarter)}" y="${base + 16}" text-anchor="middle">${quarter}</text>`,
  );
  const bars = Array.from(bins.count, (count, bin) => {
    const tall = coordinate((Math.log10(count + 1) / most) * STRIP);
    const left = coordinate(x(bin / CALIBRATION_BINS) + 1);
    const range = `${bin / CALIBRATION_BINS} to ${(bin + 1) / CALIBRATION_BINS}`;
    return html`<path class="bar" d="M${left} ${base}v${-tall}h${coordinate(wide / CALIBRATION_BINS - 2)}v${tall}z">
<title>${range}: ${count.toLocaleString('en')} voxels</title></path>`;
  });
  const filled = Array.from(bins.count, (count, bin) => ({
    count,
    mean: bins.probability[bin]! / count,
    share: bins.positives[bin]! / count,
  })).filter(({ count }) => count > 0);
  const path = filled.map(({ mean, share }, n) => `${n === 0 ? 'M' : 'L'}${x(mean)} ${y(share)}`).join('');
  const points = filled.map(
    ({ count, mean, share }) => html`<circle class="s0" cx="${x(mean)}" cy="${y(share)}" r="3.6">
<title>probability ${mean.toFixed(3)}: ${share.toFixed(3)} of ${count.toLocaleString('en')} voxels are nodule</title>
</circle>`,
  );
  const name = 'Reliability diagram: share of nodule voxels by predicted probability';
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${name}">
${grid}
<path class="ideal" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>
<path class="axis" d="M${AREA.left} ${AREA.top}v${PLOT}h${wide}"/>
${bars}
<path class="axis" d="M${AREA.left} ${base}h${wide}"/>
<path class="line s0" d="${path}"/>${points}
<text class="label" x="${AREA.left + wide / 2}" y="${HEIGHT - 6}" text-anchor="middle">mean predicted probability</text>
${rotatedLabel(middle, 'share of nodule voxels')}
<text class="label" x="${AREA.left - 6}" y="${base - STRIP / 2 - 3}" text-anchor="end">voxels</text>
<text class="label" x="${AREA.left - 6}" y="${base - STRIP / 2 + 10}" text-anchor="end">(log)</text>
</svg>`;
}

const COLUMNS = [
  { title: 'expected calibration error' },
  { title: 'voxels', kind: 'number' },
  { title: 'ECE', kind: 'number' },
  { title: '95 % interval', kind: 'number' },
] as const;

export function calibrationSection({ bins, confidence, nodule, from }: CalibrationFigures): Html {
  const first = from * CALIBRATION_BINS;
  const voxels = (start: number) =>
    bins.count.reduce((sum, count, bin) => sum + (bin >= start ? count : 0), 0).toLocaleString('en');
  const row = (name: string, count: string, { value, interval }: CalibrationFigures['nodule']) => [
    name,
    count,
    fixed(value, 4),
    intervalText(interval, 4),
  ];
  const rows = [
    row('predicted class, all voxels', voxels(0), confidence),
    row(`nodule probability, where at least ${from}`, voxels(first), nodule),
  ];
  return html`<div class="side"><section class="chart"><h3>Reliability diagram</h3>${reliabilityDiagram(bins)}</section>
<div>${table(COLUMNS, rows)}
<p>On the dashed line the probabilities are calibrated: of the voxels with probability 0.7, 70 % are nodule. Below the
line the model is overconfident, above it underconfident.</p>
<p class="soft">ECE = Σ n<sub>b</sub>/n · |accuracy<sub>b</sub> − confidence<sub>b</sub>| over ${CALIBRATION_BINS} bins
of equal width (Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks, arXiv 1706.04599,
equation 3).</p>
<p class="soft">First row: as in the paper. Confidence is the probability of the predicted class, accuracy the share of
voxels with that label. It is small for any model, because nearly all voxels are background. Second row: the same sum
over nodule probability and share of nodule voxels, without that background.</p></div></div>`;
}
