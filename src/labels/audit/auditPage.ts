import { figure, type Html, html, htmlPage } from '../../runtime/index.js';
import { auditLegend } from './auditPicture.js';
import { auditChecks, type NotJudged, type ScanAudit, tolerances } from './auditTypes.js';
import type { Audits, Finding } from './collectAudits.js';

const dash = '–';
const number = (value: number | null, digits = 1): string => (value === null ? dash : value.toFixed(digits));

/** One page that needs nothing else: counts, the flagged nodules worst first with pictures, then all scans and nodules. */
export function auditPage({ scans, findings }: Audits): string {
  const flags = scans.flatMap((scan) => scan.flags);
  const errors = flags.filter(({ severity }) => severity === 'error').length;
  const nodules = scans.reduce((sum, scan) => sum + scan.nodules.length, 0);
  const without = findings.filter(({ pictures }) => pictures === null).length;
  const count = (value: number, what: string, kind = '') => html`<div><b class="${kind}">${value}</b>${what}</div>`;
  const body = html`<h1>Audit of labels</h1>
<div class="counts">${[
    count(scans.length, 'scans'),
    count(nodules, 'nodules'),
    count(findings.length, 'nodules flagged'),
    count(errors, 'errors', errors > 0 ? 'error' : ''),
    count(flags.length - errors, 'warnings', flags.length > errors ? 'warning' : ''),
  ]}</div>
<p class="soft">An error: as it stands the label teaches something wrong. A warning: it may be right, look at it.</p>
<h2>Checks</h2>${checksTable(scans)}
<h2>Flagged nodules, worst first</h2>
<p class="soft">${findings.length === 0 ? 'None.' : `In the pictures: ${auditLegend}.`}${without > 0 ? ` ${without} further ones are shown without pictures.` : ''}</p>
${findings.map(card)}
<h2>All scans and nodules</h2>${nodulesTable(scans)}`;
  return htmlPage('Audit of labels', body);
}

function checksTable(scans: readonly ScanAudit[]): Html {
  const rows = Object.entries(auditChecks).map(([check, meaning]) => {
    const flags = scans.flatMap((scan) => scan.flags.filter((flag) => flag.check === check));
    const left = scans.flatMap(({ notJudged }) => notJudged.filter((one) => one.check === check));
    const kind = flags[0]?.severity ?? '';
    return html`<tr><td>${check}</td><td>${meaning}</td><td class="number ${kind}">${flags.length}</td><td>${reasons(left)}</td></tr>`;
  });
  const { diameterRatio, lungMm, lungShare, duplicateMm } = tolerances;
  return html`<div class="wide"><table><tr><th>check</th><th>what it flags</th><th class="number">flags</th><th>not judged</th></tr>${rows}</table></div>
<p class="soft">Tolerated are masks of ${diameterRatio[0]} to ${diameterRatio[1]} times the annotated diameter, ${100 * lungShare} % of a mask's voxels farther than ${lungMm} mm from the lungs, annotations ${duplicateMm} mm apart or farther than the smaller one's radius.</p>`;
}

function reasons(notJudged: readonly NotJudged[]): string {
  const counts = new Map<string, number>();
  for (const { reason, nodule } of notJudged) {
    const what = `${nodule === undefined ? 'scans' : 'nodules'}: ${reason}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, many]) => `${many} ${what}`).join('; ') || dash;
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
  return html`<section class="card"><h3>Nodule ${nodule + 1} <span class="soft">annotated ${number(annotatedMm)} mm, mask ${number(maskMm || null)} mm</span></h3>
<div class="uid">${scan.uid}</div><ul>${items}</ul>${shown}</section>
`;
}

function nodulesTable(scans: readonly ScanAudit[]): Html {
  const rows = scans.flatMap(({ uid, shape, spacing, nodules, flags }) => {
    const size = `${shape.join(' × ')}${spacing === null ? '' : `, ${spacing.map((mm) => mm.toFixed(2)).join(' × ')} mm`}`;
    const head = html`<tr><td colspan="7"><span class="uid">${uid}</span> <span class="soft">${size}; ${nodules.length === 0 ? 'no nodule' : `${nodules.length} nodules`}</span></td></tr>`;
    const one = nodules.map(({ center, annotatedMm, maskMm, voxels, shareOutsideLung }, n) => {
      const own = flags.filter(({ nodule }) => nodule === n);
      const names = own.map(({ check, severity }) => html`<span class="${severity}">${check}</span> `);
      return html`<tr><td class="number">${n + 1}</td><td class="number">${center.join(', ')}</td><td class="number">${number(annotatedMm)}</td><td class="number">${number(maskMm)}</td><td class="number">${voxels}</td><td class="number">${shareOutsideLung === null ? dash : `${(100 * shareOutsideLung).toFixed(0)} %`}</td><td>${names}</td></tr>`;
    });
    return [head, ...one];
  });
  return html`<div class="wide"><table><tr><th class="number">nodule</th><th class="number">slice, row, column</th><th class="number">annotated, mm</th><th class="number">mask, mm</th><th class="number">voxels</th><th class="number">outside lungs</th><th>flags</th></tr>${rows}</table></div>`;
}
