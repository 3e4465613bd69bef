import { figure, type Html, html } from '../../runtime/index.js';
import { DASH, fixed, intervalText, plural } from './formatNumbers.js';
import { OUTLINE_LEGEND } from './nodulePictures.js';
import type { PicturedNodule, ReportNodule, ValidationScores } from './scoreValidation.js';
import { table } from './table.js';

/** Limits the table of all nodules: longer ones slow browsers down. */
const MAX_ROWS = 400;

export function picturesSection({ best, worst, unit }: ValidationScores): Html {
  const group = (title: string, nodules: readonly PicturedNodule[], none: string) => {
    const cards = html`<div class="nodules">${nodules.map((nodule) => noduleCard(nodule, unit))}</div>`;
    return html`<h3 class="group">${title}</h3>${nodules.length === 0 ? html`<p class="soft">${none}</p>` : cards}`;
  };
  return html`<p class="soft">Outlines: ${OUTLINE_LEGEND}. Each nodule is shown in the slice with
the most labelled voxels (slices are counted from 0), whole and enlarged.</p>
${group('Highest Dice', best, 'No nodule has a Dice above 0.')}
${group('Lowest Dice', worst, 'There are too few nodules.')}`;
}

function noduleCard({ nodule, pictures }: PicturedNodule, unit: string): Html {
  const { uid, number, diameter, dice, found } = nodule;
  const result = found ? html`<span class="soft">found</span>` : html`<span class="error">not found</span>`;
  return html`<section class="card">
<h4>Dice ${fixed(dice)} ${result} <span class="soft">${diameter.toFixed(1)} ${unit}</span></h4>
<div class="uid">${uid}, nodule ${number}</div><div class="pictures">${[
    figure(pictures.slice, `slice ${pictures.sliceNumber}`),
    figure(pictures.plain, 'enlarged'),
    figure(pictures.outlined, 'with outlines'),
  ]}</div></section>`;
}

export function sizeSection({ bySize, figures, nodules, unit }: ValidationScores): Html {
  const rows = bySize.map(({ name, figures: own }) =>
    own === null
      ? [name, 0, DASH, DASH, DASH, DASH]
      : [name, own.nodules, own.found, fixed(own.dice3d.mean), intervalText(own.intervals.dice3d), own.missed],
  );
  const columns = [
    { title: `diameter, ${unit}` },
    { title: 'nodules', kind: 'number' },
    { title: 'found', kind: 'number' },
    { title: 'mean Dice', kind: 'number' },
    { title: '95 % interval', kind: 'number' },
    { title: 'missed', kind: 'number' },
  ] as const;
  const { withoutAgreement, leftEmpty } = figures;
  const without = html`<p class="soft">Not in the table: ${plural(withoutAgreement, 'nodule')} without any voxel
that two readers agree on. The model left ${leftEmpty} of them empty.</p>`;
  return html`${table(columns, rows)}
<p class="soft">Found: the centre of a predicted component is within the radius of the nodule; in a crop around one
nodule, a component touches the label or has its centre there. Missed: the Dice is 0. Diameter: as annotated, otherwise
that of a ball of as many voxels${unit === 'mm' ? '' : ', in voxels if the spacing is unknown'}.</p>
${withoutAgreement === 0 ? '' : without}
${everyNodule(nodules, unit)}`;
}

function everyNodule(nodules: readonly ReportNodule[], unit: string): Html {
  const sorted = [...nodules].sort((a, b) => (a.dice ?? 2) - (b.dice ?? 2) || b.truthVoxels - a.truthVoxels);
  const rows = sorted
    .slice(0, MAX_ROWS)
    .map((nodule) => [
      fixed(nodule.dice),
      describeResult(nodule),
      nodule.diameter.toFixed(1),
      nodule.truthVoxels,
      nodule.predictedVoxels,
      `${nodule.uid}, ${nodule.number}`,
    ]);
  const columns = [
    { title: 'Dice', kind: 'number' },
    { title: 'result' },
    { title: `diameter, ${unit}`, kind: 'number' },
    { title: 'labelled voxels', kind: 'number' },
    { title: 'predicted voxels', kind: 'number' },
    { title: 'scan, nodule', kind: 'uid' },
  ] as const;
  const limit = nodules.length > MAX_ROWS ? ` (${MAX_ROWS} of ${nodules.length})` : '';
  return html`<details><summary>All nodules, lowest Dice first${limit}</summary>${table(columns, rows)}</details>`;
}

function describeResult({ dice, found }: ReportNodule): string {
  if (dice === null) return found ? 'not left empty' : 'left empty';
  return found ? 'found' : 'not found';
}
