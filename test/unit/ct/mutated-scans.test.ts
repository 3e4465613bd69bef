import { expect, it } from 'vitest';
import { readMutatedScans } from '../../support/readMutatedFiles.js';

it('each of 3,000 mutated MetaImage, NIfTI and NRRD files gives one error or a whole volume', {
  timeout: 120_000,
}, () => {
  const figures = readMutatedScans(3000, 1, 100_000);
  expect(figures.inputs).toBe(3000);
  // A generator whose files are all read, or none, would prove nothing.
  expect(figures.refused).toBeGreaterThan(1000);
  expect(figures.read).toBeGreaterThan(200);
  const codes = ['metaimage-header', 'metaimage-data', 'nifti-header', 'nifti-data', 'nrrd-header', 'nrrd-data'];
  for (const code of [...codes, 'mask-value', 'scan-axes']) expect(figures.codes[code], code).toBeGreaterThan(5);
});
