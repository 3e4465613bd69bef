import {
  accountLine,
  accountNotes,
  accountRows,
  hasLosses,
  type LabelCounts,
  LOST_LABELS_FILE,
} from '../../labels/index.js';
import { type Html, html } from '../../runtime/index.js';
import { table } from './table.js';

/** Renders what became of the annotations and label images of a run, from its manifest. */
export function labelsSection(manifest: Record<string, unknown> | null): Html {
  const counts = (manifest?.labels ?? null) as LabelCounts | null;
  if (counts === null) return html`<p class="soft">The run did not record what became of its labels.</p>`;
  const scans = `Of ${counts.scans} of ${counts.scansInAll} scans of the run.`;
  if (!hasLosses(counts)) return html`<p>${accountLine(counts)}.</p>\n<p class="soft">${scans}</p>`;
  const rows = table([{ title: 'labels' }, { title: 'number', kind: 'number' }], accountRows(counts));
  return html`${rows}
${accountNotes(counts).map((note) => html`<p>${note}</p>`)}
<p class="soft">${scans} ${LOST_LABELS_FILE} in its folder lists the lost ones.</p>`;
}
