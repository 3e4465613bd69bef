import { expect, it } from 'vitest';
import { readMutatedDicom } from '../support/readMutatedFiles.js';

const SEEDS = [11, 12, 13, 14];
const EACH = 5_000;

it.each(SEEDS)(
  'a quarter of 20,000 mutated DICOM files (seed %i): no crash, no hang, no memory beyond the file and 64 MiB, nothing of the patient',
  { timeout: 1_200_000 },
  (seed) => {
    const figures = readMutatedDicom(EACH, seed, 1_150_000);
    expect(figures.inputs).toBe(EACH);
    console.log(`mutated DICOM files, seed ${seed}: ${JSON.stringify(figures)}`);
  },
);
