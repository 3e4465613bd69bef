// Prepares phantoms and says how its time grows with their number: `node bench/prepareMany.mjs FOLDER COUNT SLICES SIDE` prints one JSON line,
// {seconds, processorSeconds, peakMB, scans}. bench/main.mjs runs it as a process of its own for each number of scans.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { prepare } from '../dist/data/index.js';
import { writePhantoms } from '../dist/phantom/index.js';

const [folder, count, slices, side] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const data = join(folder, `phantoms-${count}-${slices}`);
const out = join(folder, `store-${count}-${slices}`);
await mkdir(folder, { recursive: true });
if (process.argv[6] === 'synth') {
  const spacing = [0.7 * (512 / side), 0.7 * (512 / side), 2 * (130 / slices)];
  await writePhantoms(data, { count, size: [slices, side, side], spacing });
} else {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const { scans } = await prepare({ data, out });
  const used = process.cpuUsage(before);
  console.log(
    JSON.stringify({
      seconds: (performance.now() - start) / 1000,
      processorSeconds: (used.user + used.system) / 1e6,
      peakMB: process.resourceUsage().maxRSS / 1024,
      scans: scans.length,
    }),
  );
  await rm(out, { recursive: true });
}
