import { type Html, html } from '../../runtime/index.js';
import { type CalibrationBins, calibrationBinCount } from './calibration.js';
import { fixed, intervalText } from './formats.js';
import type { CalibrationFigures } from './scoreValidation.js';

const [width, height] = [380, 330];
const area = { left: 58, right: 14, top: 12 };
const [plot, gap, strip] = [210, 12, 48];
const at = (value: number) => Number(value.toFixed(1));

/** Share of nodule voxels by the probability that they were given, over a strip with the number of voxels. */
export function reliabilityDiagram(bins: CalibrationBins): Html {
  const wide = width - area.left - area.right;
  const x = (p: number) => at(area.left + p * wide);
  const y = (share: number) => at(area.top + (1 - share) * plot);
  const base = area.top + plot + gap + strip;
  const points = Array.from(bins.count, (count, bin) => ({
    count,
    mean: bins.probability[bin]! / count,
    share: bins.positives[bin]! / count,
  }));
  const most = Math.log10(Math.max(10, ...bins.count) + 1);
  const quarters = [0, 0.25, 0.5, 0.75, 1];
  const filled = points.filter(({ count }) => count > 0);
  const path = filled.map(({ mean, share }, n) => `${n === 0 ? 'M' : 'L'}${x(mean)} ${y(share)}`).join('');
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Reliability diagram: share of nodule voxels by predicted probability">
${quarters.map((q) => html`<path class="grid" d="M${area.left} ${y(q)}h${wide}"/><text x="${area.left - 6}" y="${y(q) + 4}" text-anchor="end">${q}</text><text x="${x(q)}" y="${base + 16}" text-anchor="middle">${q}</text>`)}
<path class="ideal" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>
<path class="axis" d="M${area.left} ${area.top}v${plot}h${wide}"/>
${points.map(({ count }, bin) => {
  const tall = at((Math.log10(count + 1) / most) * strip);
  return html`<path class="bar" d="M${at(x(bin / calibrationBinCount) + 1)} ${base}v${-tall}h${at(wide / calibrationBinCount - 2)}v${tall}z"><title>${bin / calibrationBinCount} to ${(bin + 1) / calibrationBinCount}: ${count.toLocaleString('en')} voxels</title></path>`;
})}
<path class="axis" d="M${area.left} ${base}h${wide}"/>
<path class="line s0" d="${path}"/>${filled.map(
    ({ count, mean, share }) =>
      html`<circle class="s0" cx="${x(mean)}" cy="${y(share)}" r="3.6"><title>probability ${mean.toFixed(3)}: ${share.toFixed(3)} of ${count.toLocaleString('en')} voxels are nodule</title></circle>`,
  )}
<text class="label" x="${area.left + wide / 2}" y="${height - 6}" text-anchor="middle">mean predicted probability of nodule</text>
<text class="label" x="13" y="${area.top + plot / 2}" text-anchor="middle" transform="rotate(-90 13 ${area.top + plot / 2})">share labelled as nodule</text>
<text class="label" x="${area.left - 6}" y="${base - strip / 2 - 3}" text-anchor="end">voxels,</text><text class="label" x="${area.left - 6}" y="${base - strip / 2 + 10}" text-anchor="end">log scale</text>
</svg>`;
}

export function calibrationSection({ bins, confidence, nodule, from }: CalibrationFigures): Html {
  const voxels = bins.count.reduce((sum, count) => sum + count, 0);
  const above = bins.count.reduce((sum, count, bin) => sum + (bin >= from * calibrationBinCount ? count : 0), 0);
  const row = (what: Html, value: number | null, interval: CalibrationFigures['nodule']['interval'], over: number) =>
    html`<tr><td>${what}</td><td class="number">${over.toLocaleString('en')}</td><td class="number">${fixed(value, 4)}</td><td class="number">${intervalText(interval, 4)}</td></tr>`;
  return html`<div class="side"><section class="chart"><h3>Reliability diagram</h3>${reliabilityDiagram(bins)}</section>
<div><div class="wide"><table><tr><th>expected calibration error</th><th class="number">voxels</th><th class="number">ECE</th><th class="number">95 % interval</th></tr>
${row(html`of the predicted class, all voxels`, confidence.value, confidence.interval, voxels)}
${row(html`of the probability of nodule, where it is at least ${from}`, nodule.value, nodule.interval, above)}</table></div>
<p>On the dashed line a probability is what it says: of the voxels given 0.7, seven in ten are nodule. Below it the model is too sure, above it too timid.</p>
<p class="soft">ECE = Σ n<sub>b</sub>/n · |accuracy<sub>b</sub> − confidence<sub>b</sub>| over ${calibrationBinCount} bins of equal width in the probability of nodule (Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks, arXiv 1706.04599, equation 3).
First row: as defined there, confidence is the probability of the likelier class and accuracy how often that is the label. It is small for any model, since nearly all voxels are plain background. Second row: the same sum with the probability of nodule and the share of nodule voxels, without that background.</p></div></div>`;
}
