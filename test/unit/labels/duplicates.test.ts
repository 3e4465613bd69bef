import { describe, expect, it } from 'vitest';
import { worldLPS } from '../../../dist/ct/index.js';
import { type Annotation, findDuplicates } from '../../../dist/labels/index.js';
import { buildVolume } from '../../support/volume.js';

const volume = buildVolume([40, 100, 100], 0, { spacing: [0.7, 0.7, 2.5] });
const at = (x: number, y: number, z: number, diameterMm: number | null = 8): Annotation => ({
  uid: 'scan',
  center: worldLPS(x, y, z),
  diameterMm,
  line: 2,
});
const duplicates = (...annotations: Annotation[]) => [...findDuplicates(volume, annotations).keys()];

describe('annotations of one nodule', () => {
  it('are found by their distance: up to the smaller radius, and at most 3 mm', () => {
    expect(duplicates(at(20, 20, 50), at(20, 20, 50))).toEqual([1]);
    expect(duplicates(at(20, 20, 50, 4), at(21.9, 20, 50))).toEqual([1]);
    expect(duplicates(at(20, 20, 50, 4), at(22.1, 20, 50))).toEqual([]);
    expect(duplicates(at(20, 20, 50, 30), at(22.9, 20, 50, 30))).toEqual([1]);
    expect(duplicates(at(20, 20, 50, 30), at(23.1, 20, 50, 30))).toEqual([]);
  });

  it('are found in one voxel, whatever their diameters', () => {
    expect(duplicates(at(20.95, 20, 50, null), at(21.05, 20, 51, null))).toEqual([1]);
    expect(duplicates(at(20.95, 20, 50, null), at(21.75, 20, 50, null))).toEqual([]);
    expect(duplicates(at(21, 20, 50, 1), at(21, 20, 51, 1))).toEqual([1]);
  });

  it('are never two balls that touch', () => {
    for (const [a, b] of [
      [3, 3],
      [3, 30],
      [6, 10],
    ] as const)
      expect(duplicates(at(20, 20, 50, a), at(20 + (a + b) / 2, 20, 50, b))).toEqual([]);
  });

  it('repeat the first of them, and points outside the volume repeat nothing', () => {
    const found = findDuplicates(volume, [at(20, 20, 50), at(40, 20, 50), at(21, 20, 50), at(20, 21, 50)]);
    expect([...found]).toEqual([
      [2, { of: 0, distanceMm: 1 }],
      [3, { of: 0, distanceMm: 1 }],
    ]);
    expect(duplicates(at(-20, 20, 50), at(-20, 20, 50))).toEqual([]);
  });

  it('are found in 100,000 annotations of a scan within seconds', () => {
    const many = Array.from({ length: 100_000 }, (_, n) =>
      at((n * 0.37) % 69, (n * 0.11) % 69, (n * 0.0007) % 97, (n % 40) / 2 || null),
    );
    const start = performance.now();
    expect(findDuplicates(volume, many).size).toBeGreaterThan(1000);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
