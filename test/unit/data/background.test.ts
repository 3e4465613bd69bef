import { expect, it } from 'vitest';
import { backgroundPoints, countBranches } from '../../../src/data/labelling/backgroundPoints.js';
import { synthesize } from '../../../src/phantom/index.js';
import { buildVolume } from '../../support/volume.js';

const lung = -850;
const size = 41;

/** A slice of lung with thin vessels from its middle in the given directions, in degrees. */
const vessels = (angles: number[], width = 1.5) => {
  const isVessel = (x: number, y: number) =>
    angles.some((angle) => {
      const [dx, dy] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
      return x * dx + y * dy >= 0 && Math.abs(x * dy - y * dx) <= width;
    });
  return buildVolume([1, size, size], (_, row, column) => (isVessel(column - 20, row - 20) ? 0 : lung));
};

it('a spot has no branches, a vessel 2, a fork 3, a crossing 4, and a wall none', () => {
  expect(countBranches(vessels([]), [0, 20, 20])).toBe(0);
  expect(countBranches(vessels([0, 180]), [0, 20, 20])).toBe(2);
  expect(countBranches(vessels([0, 120, 240]), [0, 20, 20])).toBe(3);
  expect(countBranches(vessels([0, 90, 180, 270]), [0, 20, 20])).toBe(4);
  expect(countBranches(vessels([0, 120, 240], 6), [0, 20, 20])).toBe(0);
  expect(countBranches(vessels([0, 120, 240]), [0, 2, 20])).toBe(0);
});

it('a third of the hard places in a phantom are forks or crossings, and no place is in a nodule', () => {
  const { volume, mask } = synthesize({ seed: 3, size: [24, 256, 256], spacing: [1.2, 1.2, 3] });
  const points = backgroundPoints(volume, mask, 64);
  expect(points).toHaveLength(64);
  const hard = points.filter((_, i) => i % 2 === 0);
  const crossings = hard.filter((point) => countBranches(volume, point) >= 3);
  expect(crossings.length).toBeGreaterThanOrEqual(8);
  for (const [slice, row, column] of points) expect(mask[(slice * 256 + row) * 256 + column]).toBe(0);
});

it('listed candidates are among the hard places, except those outside the scan or in a nodule', () => {
  const { volume, mask } = synthesize({ seed: 3, size: [24, 256, 256], spacing: [1.2, 1.2, 3] });
  const at = mask.indexOf(1);
  const inNodule = [Math.floor(at / 65536), Math.floor(at / 256) % 256, at % 256] as const;
  const points = backgroundPoints(volume, mask, 16, { candidates: [inNodule, [99, 0, 0], [5, 100, 101]] });
  expect(points[0]).toEqual([5, 100, 101]);
  expect(points).not.toContainEqual(inNodule);
  expect(points).not.toContainEqual([99, 0, 0]);
});
