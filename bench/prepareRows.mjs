import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { measurePrepare } from '../scripts/figures/prepare.mjs';
import { writeQuickScans } from '../test/support/quickScans.mjs';

/**
 * Preparing is compared with itself on fewer scans: a ratio of 1 means that its time is linear in the number of scans.
 */
export const PREPARE_ROWS = [
  { name: 'preparing 1,000 phantoms, 32×128×128', scans: 1000, fewer: 250, size: [32, 128, 128] },
  { name: 'preparing 10 phantoms, 130×512×512', scans: 10, fewer: 5, size: [130, 512, 512] },
];

function run(folder, count, size) {
  const data = join(folder, 'scans');
  mkdirSync(data, { recursive: true });
  writeQuickScans(data, count, size);
  try {
    return { scans: count, ...measurePrepare(data, join(folder, 'store')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Measures milliseconds per scan with all scans (`ours`) and with fewer (`peer`), each in its own process, and for
 * both, in this order, `peakMB` and `busyCores` (processor time divided by wall time).
 *
 * @param {typeof PREPARE_ROWS[number]} row
 * @param {string} folder
 * @param {boolean} quick a few tiny scans
 */
export function measurePreparing(row, folder, quick) {
  const { scans, fewer, size } = quick ? { scans: 4, fewer: 2, size: [24, 96, 96] } : row;
  const runs = [run(folder, scans, size), run(folder, fewer, size)];
  const [ours, peer] = runs.map((each) => (1000 * each.seconds) / each.scans);
  return {
    name: row.name,
    unit: 'ms',
    ours,
    peer,
    peerName: `the same with ${fewer} scans`,
    ratio: peer / ours,
    goal: 1,
    rounds: 1,
    peakMB: runs.map(({ rssMiB }) => Math.round(rssMiB)),
    busyCores: runs.map(({ seconds, cpuSeconds }) => Number((cpuSeconds / seconds).toFixed(2))),
  };
}
