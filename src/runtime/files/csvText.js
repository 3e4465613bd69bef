/** @typedef {string | number | boolean | null} Cell A cell of a table: text, a number, yes or no, or nothing. */

/**
 * Formats rows as CSV (RFC 4180) with a header line; null is an empty cell.
 * @param {readonly string[]} columns
 * @param {readonly (readonly Cell[])[]} rows
 */
export function csvText(columns, rows) {
  return [columns, ...rows].map((row) => `${row.map(csvCell).join(',')}\n`).join('');
}

/** @param {Cell} cell */
function csvCell(cell) {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
