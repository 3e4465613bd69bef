import { figure, type Html, html, htmlPage } from '../../runtime/index.js';
import { auditCounts } from './auditCounts.js';
import { auditLegend } from './auditPicture.js';
import { auditChecks, type NotJudged, type ScanAudit, tolerances } from './auditTypes.js';
import type { Audits, Finding } from './collectAudits.js';

const DASH = '–';
const number = (value: number | null, digits = 1): string => (value === null ? DASH : value.toFixed(digits));

/** Renders an audit as a self-contained HTML page: totals, flagged nodules with pictures (worst first), all nodules. */
export function auditPage(audits: Audits): string {
  const { scans, findings } = audits;
  const { nodules, flaggedNodules, errors, warnings } = auditCounts(audits);
  const without = findings.filter(({ pictures }) => pictures === null).length;
  const count = (value: number, what: string, kind = '') => html`<div><b class="${kind}">${value}</b>${what}</div>`;
  const colours = findings.length === 0 ? 'None.' : `Colours: ${auditLegend}.`;
  const more = without > 0 ? ` Without pictures: ${without}.` : '';
  const body = html`<h1>Label audit</h1>
<div class="counts">${[
    count(scans.length, 'scans'),
    count(nodules, 'nodules'),
    count(flaggedNodules, 'nodules flagged'),
    count(errors, 'errors', errors > 0 ? 'error' : ''),
    count(warnings, 'warnings', warnings > 0 ? 'warning' : ''),
  ]}</div>
<p class="soft">Error: the label is wrong and would mislead training. Warning: the label may be correct; check it.</p>
<h2>Checks</h2>${checksTable(scans)}
<h2>Flagged nodules, worst first</h2>
<p class="soft">${colours}${more}</p>
${findings.map(card)}
<h2>All scans and nodules</h2>${nodulesTable(scans)}`;
  return htmlPage('Label audit', body);
}

function checksTable(scans: readonly ScanAudit[]): Html {
  const rows = Object.entries(auditChecks).map(([check, meaning]) => {
    const flags = scans.flatMap((scan) => scan.flags.filter((flag) => flag.check === check));
    const skipped = scans.flatMap(({ notJudged }) => notJudged.filter((one) => one.check === check));
    const kind = flags[0]?.severity ?? '';
    return html`<tr><td>${check}</td><td>${meaning}</td>
<td class="number ${kind}">${flags.length}</td><td>${reasons(skipped)}</td></tr>`;
  });
  const { diameterRatio, lungMm, lungShare, duplicateMm } = tolerances;
  return html`<div class="wide"><table>
<tr><th>check</th><th>what it flags</th><th class="number">flags</th><th>not judged</th></tr>
${rows}</table></div>
<p class="soft">Tolerances: a mask diameter of ${diameterRatio[0]} to ${diameterRatio[1]} times the annotated diameter;
up to ${100 * lungShare} % of a mask's voxels farther than ${lungMm} mm from the lungs;
annotations farther apart than ${duplicateMm} mm and than the smaller radius.</p>`;
}

function reasons(notJudged: readonly NotJudged[]): string {
  const counts = new Map<string, number>();
  for (const { reason, nodule } of notJudged) {
    const why = `${reason}, ${nodule === undefined ? 'scans' : 'nodules'}`;
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts].map(([why, count]) => `${why}: ${count}`).join('; ') || DASH;
}

function card({ scan, nodule, flags, pictures }: Finding): Html {
  const { annotatedMm, maskMm, center } = scan.nodules[nodule]!;
  const items = flags.map(
    ({ severity, check, message }) => html`<li><b class="${severity}">${severity}: ${check}</b> ${message}</li>`,
  );
  const shown =
    pictures === null
      ? ''
      : html`<div class="pictures">${[
          figure(pictures.slice, `slice ${center[0]}`),
          figure(pictures.plain, 'around the point'),
          figure(pictures.edges, 'with mask, lungs and point'),
        ]}</div>`;
  return html`<section class="card"><h3>Nodule ${nodule + 1}
<span class="soft">annotated ${number(annotatedMm)} mm, mask ${number(maskMm || null)} mm</span></h3>
<div class="uid">${scan.uid}</div><ul>${items}</ul>${shown}</section>
`;
}

const NODULE_COLUMNS = ['nodule', 'slice, row, column', 'annotated, mm', 'mask, mm', 'voxels', 'outside lungs'];

function nodulesTable(scans: readonly ScanAudit[]): Html {
  const rows = scans.flatMap(({ uid, shape, spacing, nodules, flags }) => {
    const size = shape.join(' × ');
    const voxelSize = spacing === null ? '' : `, ${spacing.map((mm) => mm.toFixed(2)).join(' × ')} mm`;
    const count = `${nodules.length} ${nodules.length === 1 ? 'nodule' : 'nodules'}`;
    const head = html`<tr><td colspan="7"><span class="uid">${uid}</span>
<span class="soft">${size}${voxelSize}; ${count}</span></td></tr>`;
    const one = nodules.map(({ center, annotatedMm, maskMm, voxels, shareOutsideLung }, n) => {
      const own = flags.filter(({ nodule }) => nodule === n);
      const names = own.map(({ check, severity }) => html`<span class="${severity}">${check}</span> `);
      const outside = shareOutsideLung === null ? DASH : `${(100 * shareOutsideLung).toFixed(0)} %`;
      const cells = [n + 1, center.join(', '), number(annotatedMm), number(maskMm), voxels, outside];
      return html`<tr>${cells.map((cell) => html`<td class="number">${cell}</td>`)}<td>${names}</td></tr>`;
    });
    return [head, ...one];
  });
  const heads = NODULE_COLUMNS.map((column) => html`<th class="number">${column}</th>`);
  return html`<div class="wide"><table><tr>${heads}<th>flags</th></tr>${rows}</table></div>`;
}
