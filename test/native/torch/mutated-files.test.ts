import { expect, it } from 'vitest';
import { readMutatedFiles } from '../../support/readMutatedFiles.js';

it('2,000 mutated files leave the readers of safetensors, .pt, .npy and .npz with one error each or a value', {
  timeout: 120_000,
}, () => {
  const figures = readMutatedFiles(2000, 1, 100_000);
  expect(figures.inputs).toBe(2000);
  // If all files were read, or none, the test would prove nothing.
  expect(figures.refused).toBeGreaterThan(1000);
  expect(figures.read).toBeGreaterThan(50);
  for (const code of ['safetensors', 'zip', 'pickle', 'pickle-global', 'pickle-cut-off', 'pt', 'npy'])
    expect(figures.codes[code], code).toBeGreaterThan(5);
});
