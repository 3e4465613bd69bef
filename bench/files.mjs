import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readVolume } from '../dist/ct/index.js';
import { boundingBoxMask } from '../dist/labels/index.js';

/** Our side of what reads files and makes ground truth; the folder's files.json says where they lie. Speaks as bench/side.mjs wants. */
const files = JSON.parse(readFileSync(join(process.argv[2], 'files.json'), 'utf8'));

let scan;
const truth = async () => {
  scan ??= await readVolume(files.truth, { intensity: 'hu' });
  return () => boundingBoxMask(scan, files.annotations);
};

console.log(JSON.stringify({ node: process.version }));
for await (const line of createInterface({ input: process.stdin })) {
  const { work, steps } = JSON.parse(line);
  const run = work === 'truth' ? await truth() : () => readVolume(files[work], { intensity: 'hu' });
  const start = performance.now();
  for (let n = 0; n < steps; n++) await run();
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000 }));
}
