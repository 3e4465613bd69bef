import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = join(dirname(fileURLToPath(import.meta.url)), 'prepareMany.mjs');

/** Preparing is compared with itself on fewer scans: a ratio of 1 means that its time is linear in their number. */
export const PREPARE_ROWS = [
  { name: 'preparing 1,000 phantoms, 32×128×128', scans: 1000, fewer: 250, slices: 32, side: 128 },
  { name: 'preparing 10 phantoms, 130×512×512', scans: 10, fewer: 5, slices: 130, side: 512 },
];

async function run(folder, count, slices, side) {
  const args = [script, folder, ...[count, slices, side].map(String)];
  await promisify(execFile)(process.execPath, [...args, 'synth'], { maxBuffer: 1 << 24 });
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/**
 * Milliseconds per scan with all scans (`ours`) and with fewer (`peer`), each in a process of its own; `peakMB` and `busyCores` (processor
 * time by wall time) of both, in this order.
 *
 * @param {typeof PREPARE_ROWS[number]} row @param {string} folder @param {boolean} quick a few tiny scans
 */
export async function measurePreparing(row, folder, quick) {
  const { scans, fewer, slices, side } = quick ? { scans: 4, fewer: 2, slices: 24, side: 96 } : row;
  const runs = [await run(folder, scans, slices, side), await run(folder, fewer, slices, side)];
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
    peakMB: runs.map(({ peakMB }) => Math.round(peakMB)),
    busyCores: runs.map(({ seconds, processorSeconds }) => Number((processorSeconds / seconds).toFixed(2))),
  };
}
