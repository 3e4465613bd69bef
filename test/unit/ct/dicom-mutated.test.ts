import { expect, it } from 'vitest';
import { readMutatedDicom } from '../../support/readMutatedFiles.js';

it('each of 500 mutated DICOM files gives one error or a value, and no error names the patient', {
  timeout: 120_000,
}, () => {
  const figures = readMutatedDicom(500, 1, 110_000);
  expect(figures.inputs).toBe(500);
  // A generator whose files are all read, or none, would prove nothing.
  expect(figures.refused).toBeGreaterThan(200);
  expect(figures.read).toBeGreaterThan(80);
  expect(figures.asSeries).toBeGreaterThan(80);
  for (const code of ['dicom-file', 'dicom-tag', 'dicom-pixels', 'dicom-codec', 'dicom-series', 'dicom-slices'])
    expect(figures.codes[code], code).toBeGreaterThan(2);
});
