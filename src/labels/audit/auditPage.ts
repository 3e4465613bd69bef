import { auditLegend } from './auditPicture.js';
import { auditChecks, type NotJudged, type ScanAudit, tolerances } from './auditTypes.js';
import type { Audits, Finding } from './collectAudits.js';

/** Text that is HTML already; all else is escaped. */
class Html {
  constructor(readonly text: string) {}
}

const escaped = (value: unknown): string => String(value).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

type Part = string | number | Html | readonly Html[];

function html(texts: TemplateStringsArray, ...parts: Part[]): Html {
  const textOf = (part: Part): string => {
    if (part instanceof Html) return part.text;
    return typeof part === 'object' ? part.map(({ text }) => text).join('') : escaped(part);
  };
  return new Html(texts.reduce((all, text, n) => all + textOf(parts[n - 1]!) + text));
}

const style = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5c6670;--line:#d5dbe1;--back:#f6f7f9;--card:#fff;--error:#b3261e;--warning:#8a5a00}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b1;--line:#353c44;--back:#14171a;--card:#1d2125;--error:#ff8a80;--warning:#ffc663}}
*{box-sizing:border-box}body{margin:0 auto;padding:1rem;max-width:76rem;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0}h3 span{font-weight:400}
.soft{color:var(--soft)}.error{color:var(--error)}.warning{color:var(--warning)}
.counts{display:flex;flex-wrap:wrap;gap:.75rem}.counts div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem 1rem}
.counts b{display:block;font-size:1.4rem;line-height:1.3}
.card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.9rem;margin:.9rem 0}.card ul{margin:.4rem 0;padding-left:1.2rem}
.uid{font:12px/1.4 ui-monospace,monospace;color:var(--soft);overflow-wrap:anywhere}
.pictures{display:flex;flex-wrap:wrap;gap:.6rem;margin-top:.6rem}figure{margin:0;flex:1 1 8rem;max-width:280px}
img{display:block;width:100%;max-height:280px;object-fit:contain;background:#181818;border-radius:.25rem}figcaption{font-size:12px;color:var(--soft)}
.wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.5rem}table{border-collapse:collapse;width:100%;font-size:13px}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr:last-child td{border-bottom:0}`;

const dash = '–';
const number = (value: number | null, digits = 1): string => (value === null ? dash : value.toFixed(digits));
const dataUri = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;

/** One page that needs nothing else: counts, the flagged nodules worst first with pictures, then all scans and nodules. */
export function auditPage({ scans, findings }: Audits): string {
  const flags = scans.flatMap((scan) => scan.flags);
  const errors = flags.filter(({ severity }) => severity === 'error').length;
  const nodules = scans.reduce((sum, scan) => sum + scan.nodules.length, 0);
  const without = findings.filter(({ pictures }) => pictures === null).length;
  const count = (value: number, what: string, kind = '') => html`<div><b class="${kind}">${value}</b>${what}</div>`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Audit of labels</title>
<style>${new Html(style)}</style></head><body>
<h1>Audit of labels</h1>
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
<h2>All scans and nodules</h2>${nodulesTable(scans)}
</body></html>
`;
  return page.text;
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
  const picture = (png: Uint8Array, caption: string) =>
    html`<figure><img alt="${caption}" src="${dataUri(png)}"><figcaption>${caption}</figcaption></figure>`;
  const shown =
    pictures === null
      ? ''
      : html`<div class="pictures">${[
          picture(pictures.slice, `slice ${center[0]}`),
          picture(pictures.plain, 'around the point'),
          picture(pictures.edges, 'with mask, lungs and point'),
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
