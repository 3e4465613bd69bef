import { expect, it } from 'vitest';
import { readMutatedScans } from '../support/readMutatedFiles.js';

const SEEDS = [21, 22, 23, 24];
const EACH = 25_000;

it.each(SEEDS)(
  '25,000 mutated scans of seed %i: no crash, no hang, at most 64 MiB beyond the file',
  {
    timeout: 1_200_000,
  },
  (seed) => {
    const figures = readMutatedScans(EACH, seed, 1_150_000);
    expect(figures.inputs).toBe(EACH);
    console.log(`mutated scans, seed ${seed}: ${JSON.stringify(figures)}`);
  },
);
