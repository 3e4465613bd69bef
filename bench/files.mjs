import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readVolume } from '../dist/ct/index.js';
import { boundingBoxMask } from '../dist/labels/index.js';
import { answerRequests, wallSeconds } from './answer.mjs';

// Our side of the rows that read files and make ground truth. files.json in the folder lists the files.
const files = JSON.parse(readFileSync(join(process.argv[2], 'files.json'), 'utf8'));

let scan;
const truth = async () => {
  scan ??= await readVolume(files.truth, { intensity: 'hu' });
  return () => boundingBoxMask(scan, files.annotations);
};

await answerRequests(async ({ work, steps }) => {
  const step = work === 'truth' ? await truth() : () => readVolume(files[work], { intensity: 'hu' });
  return async () => {
    for (let n = 0; n < steps; n++) await step();
  };
}, wallSeconds);
