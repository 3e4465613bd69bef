import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inferFormat } from '../../../src/ct/formats.js';
import { writeOnGrid } from '../../../src/ct/index.js';
import { scratchFolder } from '../../support/scratch.js';

const folder = scratchFolder('write-on-grid');
const grid = {
  shape: [2, 3, 4],
  spacing: [0.7, 0.8, 2.5],
  origin: [-10, 20, 30.5],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
} as const;

describe('values on the grid of a scan', () => {
  const float = Float32Array.from({ length: 24 }, (_, n) => Math.fround(n / 23));
  const labels = Int16Array.from({ length: 24 }, (_, n) => (n % 5 === 0 ? 300 + n : 0));
  for (const name of ['a.nii.gz', 'a.nii', 'a.mha', 'a.mhd', 'a.nrrd', 'a.nhdr']) {
    it.each([
      ['probabilities', float],
      ['labels above 255', labels],
    ])(`${name} keeps %s exactly`, async (_, values) => {
      const path = join(folder, name);
      await writeOnGrid(path, 'writing', grid, values);
      const read = await inferFormat(path, 'reading').read(path, {});
      expect(read.values).toEqual(values);
      expect([read.slope, read.intercept]).toEqual([1, 0]);
      expect(read.shape).toEqual(grid.shape);
    });
  }

  it('refuses values that do not fill the grid', async () => {
    await expect(writeOnGrid(join(folder, 'b.mha'), 'writing x', grid, new Float32Array(23))).rejects.toThrow(
      'it has 23 voxels, expected 24',
    );
  });
});
