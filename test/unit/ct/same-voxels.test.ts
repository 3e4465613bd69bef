import { describe, expect, it } from 'vitest';
import { checkSameVoxels, type Matrix3, type Volume } from '../../../dist/ct/index.js';
import { oblique } from '../../support/dicomSeries.js';
import { layouts, reoriented } from '../../support/orientations.js';
import { buildVolume } from '../../support/volume.js';

const base = buildVolume([3, 4, 5], (i, r, c) => 100 * i + 10 * r + c, {
  spacing: [0.7, 0.8, 2.5],
  origin: [-166, 12, -340],
  direction: oblique,
});
const codeOf = (image: Volume): string | null => {
  try {
    checkSameVoxels('reference', 'series', image, base);
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('an image with the voxels of a scan', () => {
  it('is accepted in each of the 48 orders and directions of its axes', () => {
    for (const layout of layouts) expect(codeOf(reoriented(base, layout)), layout.name).toBeNull();
  });

  it('is refused in each of them if its voxels lie elsewhere', () => {
    const [x, y, z] = base.origin;
    const moved = { ...base, origin: [x + 0.8, y, z] as const };
    const stretched = { ...base, spacing: [0.7, 1.2, 2.5] as const };
    const fewer = buildVolume([2, 4, 5], 0, { ...base, shape: [2, 4, 5], voxels: new Int16Array(40) });
    const turned = base.direction.map((row, k) => (k === 0 ? row : row.map((entry) => 0.6 * entry)));
    for (const layout of layouts) {
      expect(codeOf(reoriented(moved, layout)), layout.name).toBe('mask-grid');
      expect(codeOf(reoriented(stretched, layout)), layout.name).toMatch(/^mask-(shape|grid)$/);
      expect(codeOf(reoriented(fewer, layout)), layout.name).toMatch(/^mask-(shape|grid)$/);
    }
    expect(codeOf({ ...base, direction: turned as unknown as Matrix3 })).toBe('mask-grid');
    // Twice as fine along one axis: its corners are those of the scan, its voxels are not.
    const finer = { ...base, shape: [3, 4, 9] as const, spacing: [0.35, 0.8, 2.5] as const };
    expect(codeOf(finer)).toBe('mask-shape');
  });

  it('is compared by its shape alone where a spacing is unknown', () => {
    expect(codeOf({ ...base, spacing: null })).toBeNull();
    expect(codeOf({ ...base, spacing: null, shape: [3, 5, 4] })).toBe('mask-shape');
  });
});
