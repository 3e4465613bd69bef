import { expect, it } from 'vitest';
import { readMutatedDicom } from '../support/readMutatedDicom.js';

const SEEDS = [11, 12, 13, 14];
const EACH = 5_000;

it.each(SEEDS)(
  '5,000 mutated DICOM files of seed %i cause no crash and no hang, take no more memory than the file and 64 MiB, and leak nothing of the patient',
  { timeout: 1_200_000 },
  (seed) => {
    const figures = readMutatedDicom(EACH, seed, 1_150_000);
    expect(figures.inputs).toBe(EACH);
    console.log(`mutated DICOM files, seed ${seed}: ${JSON.stringify(figures)}`);
  },
);
