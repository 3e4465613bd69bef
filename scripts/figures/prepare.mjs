// Time and memory of `nodule-train prepare`.
//   node scripts/figures/prepare.mjs FOLDER [COUNT SLICES ROWS COLUMNS] …
// Default: 250 and 1,000 scans of 32×128×128, and 10 of 130×512×512. Creates the scans in FOLDER (1.7 GB by default),
// prints a JSON line for each set and removes them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeQuickScans } from '../../test/support/quickScans.mjs';

const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;

/**
 * Program that runs the command and reports its process: seconds, processor time of all threads, peak resident memory
 * in MiB.
 */
const child = `
const from = process.hrtime.bigint();
process.argv.splice(1, 0, ${JSON.stringify(main)});
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  require('node:fs').writeSync(3, JSON.stringify({
    seconds: Number(process.hrtime.bigint() - from) / 1e9,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    rssMiB: maxRSS / 1024,
  }));
});
import(${JSON.stringify(pathToFileURL(main).href)});`;

/**
 * Runs the `prepare` command on a folder once.
 * @param {string} data
 * @param {string} out
 * @param {string[]} [more] further options
 * @returns {{seconds: number, cpuSeconds: number, rssMiB: number}}
 */
export const measurePrepare = (data, out, more = []) => {
  const run = spawnSync(process.execPath, ['-e', child, '--', 'prepare', '--data', data, '--out', out, ...more], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  if (run.status !== 0) throw new Error(`measuring nodule-train prepare on ${data}: ${run.stderr}`);
  return JSON.parse(run.output[3] ?? '');
};

const measure = (folder, [count, ...size]) => {
  mkdirSync(folder, { recursive: true });
  const dir = mkdtempSync(path.join(folder, 'prepare-'));
  try {
    const { bavail, bsize } = statfsSync(dir);
    const needed = 4 * count * size[0] * size[1] * size[2];
    if (bavail * bsize < needed)
      throw new Error(
        `creating ${count} scans in ${folder}: found ${(bavail * bsize) / 1e9} GB free, expected ${needed / 1e9}`,
      );
    writeQuickScans(path.join(dir, 'scans'), count, size);
    const first = measurePrepare(path.join(dir, 'scans'), path.join(dir, 'store'));
    const again = measurePrepare(path.join(dir, 'scans'), path.join(dir, 'store'));
    return {
      count,
      size: size.join('×'),
      ...first,
      busyCores: first.cpuSeconds / first.seconds,
      againSeconds: again.seconds,
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
};

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [folder = os.tmpdir(), ...numbers] = process.argv.slice(2);
  const given = numbers.map(Number);
  const rows = [];
  while (given.length > 0) rows.push(given.splice(0, 4));
  if (rows.length === 0) rows.push([250, 32, 128, 128], [1000, 32, 128, 128], [10, 130, 512, 512]);
  for (const row of rows) console.log(JSON.stringify(measure(folder, row)));
}
