import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readVolume } from '../dist/ct/index.js';

/** Our side of what reads files; the folder's files.json says where they lie. Speaks as bench/side.mjs wants. */
const files = JSON.parse(readFileSync(join(process.argv[2], 'files.json'), 'utf8'));

console.log(JSON.stringify({ node: process.version }));
for await (const line of createInterface({ input: process.stdin })) {
  const { work, steps } = JSON.parse(line);
  const start = performance.now();
  for (let n = 0; n < steps; n++) await readVolume(files[work]);
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000 }));
}
