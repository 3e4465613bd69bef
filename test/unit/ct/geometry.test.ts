import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  identityDirection,
  indexIRC,
  indexToWorld,
  isInside,
  type Matrix3,
  nearestIndex,
  type Vector3,
  worldLPS,
  worldToIndex,
} from '../../../dist/ct/index.js';

/** Any rotation by a unit quaternion, with the third axis flipped or not, and its rows permuted. */
const directions = fc
  .tuple(
    fc.tuple(...Array.from({ length: 4 }, () => fc.double({ min: -1, max: 1, noNaN: true }))),
    fc.constantFrom(1, -1),
    fc.constantFrom([0, 1, 2], [1, 2, 0], [2, 1, 0]),
  )
  .filter(([q]) => Math.hypot(...q) > 0.1)
  .map(([q, sign, order]) => {
    const [w, x, y, z] = q.map((part) => part / Math.hypot(...q)) as [number, number, number, number];
    const rows: Vector3[] = [
      [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w) * sign],
      [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w) * sign],
      [2 * (x * z - y * w), 2 * (y * z + x * w), (1 - 2 * (x * x + y * y)) * sign],
    ];
    return order.map((row) => rows[row]) as unknown as Matrix3;
  });
const vector = (limit: number) =>
  fc.tuple(...Array.from({ length: 3 }, () => fc.double({ min: -limit, max: limit, noNaN: true })));
const grids = fc.record({
  spacing: fc.tuple(...Array.from({ length: 3 }, () => fc.double({ min: 0.2, max: 5, noNaN: true }))),
  origin: vector(500),
  direction: directions,
});

describe('index and world', () => {
  it('are inverse to each other for any orthonormal direction', () => {
    fc.assert(
      fc.property(grids, vector(600), (grid, place) => {
        const index = indexIRC(...(place as Vector3));
        const back = worldToIndex(grid, indexToWorld(grid, index));
        for (const axis of [0, 1, 2] as const) expect(back[axis]).toBeCloseTo(index[axis], 7);
      }),
    );
  });

  it('keep distances: the length of a step is the spacing, whatever the direction', () => {
    fc.assert(
      fc.property(grids, vector(100), (grid, place) => {
        const from = indexIRC(...(place as Vector3));
        const a = indexToWorld(grid, from);
        const b = indexToWorld(grid, indexIRC(from[0] + 2, from[1] + 1, from[2] - 3));
        const [sx, sy, sz] = grid.spacing as Vector3;
        expect(Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2])).toBeCloseTo(Math.hypot(2 * sz, sy, 3 * sx), 7);
      }),
    );
  });

  const grid = {
    shape: [3, 4, 5] as const,
    spacing: [1, 1, 2] as const,
    origin: [0, 0, 0] as const,
    direction: identityDirection,
  };

  it('take x as the column, y as the row and z as the slice', () => {
    expect(indexToWorld(grid, indexIRC(1, 2, 3))).toEqual([3, 2, 2]);
  });

  it('round halves up as ITK does, and tell inside from outside', () => {
    expect(nearestIndex(grid, worldLPS(0.5, 1.49, 3))).toEqual([2, 1, 1]);
    expect(isInside(grid, indexIRC(2, 3, 4))).toBe(true);
    expect(isInside(grid, indexIRC(3, 0, 0))).toBe(false);
    expect(isInside(grid, indexIRC(0, -1, 0))).toBe(false);
  });

  it('are refused where the spacing is unknown', () => {
    expect(() => indexToWorld({ ...grid, spacing: null }, indexIRC(0, 0, 0))).toThrowError(
      expect.objectContaining({ code: 'spacing-unknown', message: expect.stringContaining('millimetres') }),
    );
  });
});
