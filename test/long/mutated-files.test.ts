import { expect, it } from 'vitest';
import { readMutatedFiles } from '../support/readMutatedFiles.js';

const SEEDS = [11, 12, 13, 14];
const EACH = 25_000;

it.each(SEEDS)(
  '25,000 mutated tensor files with seed %i: no crash, no hang, at most 64 MiB beyond the file',
  {
    timeout: 1_200_000,
  },
  (seed) => {
    const figures = readMutatedFiles(EACH, seed, 1_150_000);
    expect(figures.inputs).toBe(EACH);
    console.log(`mutated files, seed ${seed}: ${JSON.stringify(figures)}`);
  },
);
