import { figure, type Html, html } from '../../runtime/index.js';
import { dash, fixed, intervalText } from './formats.js';
import { outlineLegend } from './nodulePictures.js';
import type { PicturedNodule, ReportNodule, ValidationScores } from './scoreValidation.js';

/** More rows make a page that no one reads and that browsers are slow with. */
const mostRows = 400;

export function picturesSection({ best, worst, unit }: ValidationScores): Html {
  const group = (title: string, nodules: readonly PicturedNodule[], none: string) =>
    html`<h3 class="group">${title}</h3>${nodules.length === 0 ? html`<p class="soft">${none}</p>` : html`<div class="nodules">${nodules.map((one) => card(one, unit))}</div>`}`;
  return html`<p class="soft">In the pictures: ${outlineLegend}. Each shows the slice with most of the label, whole and enlarged.</p>
${group('Best, by Dice', best, 'No nodule has a Dice above 0.')}
${group('Worst, by Dice', worst, 'There are not enough nodules for it.')}`;
}

function card({ nodule, pictures }: PicturedNodule, unit: string): Html {
  const { uid, number, diameter, dice, found } = nodule;
  const state = found ? 'found' : 'not found';
  return html`<section class="card"><h4>Dice ${fixed(dice)} <span class="${found ? 'soft' : 'error'}">${state}</span> <span class="soft">${diameter.toFixed(1)} ${unit}</span></h4>
<div class="uid">${uid}, nodule ${number}</div><div class="pictures">${[
    figure(pictures.slice, `slice ${pictures.sliceNumber}`),
    figure(pictures.plain, 'enlarged'),
    figure(pictures.outlined, 'with outlines'),
  ]}</div></section>`;
}

export function sizeSection({ bySize, figures, nodules, unit }: ValidationScores): Html {
  const rows = bySize.map(({ name, figures: own }) => {
    const cells =
      own === null
        ? [0, dash, dash, dash, dash]
        : [own.nodules, own.found, fixed(own.dice3d.mean), intervalText(own.intervals.dice3d), own.missed];
    return html`<tr><td>${name}</td>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`;
  });
  const without =
    figures.withoutAgreement === 0
      ? ''
      : html`<p class="soft">Beside these, ${figures.withoutAgreement} nodules have no voxel that two readers agree on; ${figures.leftEmpty} of them the model left empty.</p>`;
  return html`<div class="wide"><table><tr><th>diameter, ${unit}</th><th class="number">nodules</th><th class="number">found</th><th class="number">Dice, mean</th><th class="number">95 % interval</th><th class="number">missed</th></tr>${rows}</table></div>
<p class="soft">Found: the centre of a predicted component lies within the nodule's radius (in a crop around one nodule: a component touches the label). Missed: the Dice is 0. A nodule's diameter is the annotated one, else that of a ball of as many voxels${unit === 'mm' ? '' : '; in voxels where the spacing is unknown'}.</p>${without}
${everyNodule(nodules, unit)}`;
}

function everyNodule(nodules: readonly ReportNodule[], unit: string): Html {
  const sorted = [...nodules].sort((a, b) => (a.dice ?? 2) - (b.dice ?? 2) || b.truthVoxels - a.truthVoxels);
  const rows = sorted
    .slice(0, mostRows)
    .map(
      ({ uid, number, diameter, dice, found, truthVoxels, predictedVoxels }) =>
        html`<tr><td class="number">${fixed(dice)}</td><td>${dice === null ? (found ? 'not left empty' : 'left empty') : found ? 'found' : 'not found'}</td><td class="number">${diameter.toFixed(1)}</td><td class="number">${truthVoxels}</td><td class="number">${predictedVoxels}</td><td class="uid">${uid}, ${number}</td></tr>`,
    );
  const cut = nodules.length > mostRows ? `, the worst ${mostRows} of ${nodules.length}` : '';
  return html`<details><summary>Each nodule, worst first${cut}</summary><div class="wide"><table><tr><th class="number">Dice</th><th>result</th><th class="number">diameter, ${unit}</th><th class="number">voxels labelled</th><th class="number">predicted</th><th>scan, nodule</th></tr>${rows}</table></div></details>`;
}
