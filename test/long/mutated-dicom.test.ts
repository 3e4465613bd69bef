import { expect, it } from 'vitest';
import { readMutatedDicom } from '../support/readMutatedFiles.js';

const SEEDS = [11, 12, 13, 14];
const EACH = 5_000;

it.each(SEEDS)(
  '5,000 mutated DICOM files of seed %i: no crash, no hang, at most 64 MiB beyond the file, no patient data leaked',
  { timeout: 1_200_000 },
  (seed) => {
    const figures = readMutatedDicom(EACH, seed, 1_150_000);
    expect(figures.inputs).toBe(EACH);
    console.log(`mutated DICOM files, seed ${seed}: ${JSON.stringify(figures)}`);
  },
);
