/**
 * Formats a progress in bytes as one line: `[#####     ]  50 % 272/544 MB`.
 * @param {{done: number, total: number}} progress
 * @param {number} [width] of the bar
 */
export function progressBar({ done, total }, width = 24) {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const filled = Math.round(share * width);
  const mb = (/** @type {number} */ bytes) => Math.round(bytes / 1e6);
  const bar = '#'.repeat(filled).padEnd(width);
  return `[${bar}] ${Math.floor(share * 100)} % ${mb(done)}/${mb(total)} MB`;
}
