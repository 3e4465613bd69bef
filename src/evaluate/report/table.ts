import { type Html, html } from '../../runtime/index.js';

/** A column of a table. */
export interface Column {
  title: string;
  /** CSS class of its cells. */
  kind?: 'number' | 'bars' | 'value' | 'uid' | 'nowrap';
}

/** Renders a table that scrolls sideways in its own box on a narrow screen; without titles, it has no header. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | number | Html)[])[],
  className = '',
): Html {
  const header = columns.some(({ title }) => title !== '')
    ? html`<tr>${columns.map(({ title, kind = '' }) => html`<th class="${kind}">${title}</th>`)}</tr>`
    : '';
  const body = rows.map(
    (cells) => html`<tr>${cells.map((cell, n) => html`<td class="${columns[n]?.kind ?? ''}">${cell}</td>`)}</tr>\n`,
  );
  return html`<div class="wide"><table class="${className}">${header}\n${body}</table></div>`;
}
