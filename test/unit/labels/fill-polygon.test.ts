import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fillPolygon, type PixelPoint } from '../../../dist/labels/contours/fillPolygon.js';

/** Counts how often each pixel is inside. */
const filled = (polygons: PixelPoint[][], rows: number, columns: number): number[] => {
  const plane = new Array<number>(rows * columns).fill(0);
  for (const polygon of polygons)
    fillPolygon(polygon, rows, (row, from, to) => {
      for (let column = Math.max(0, from); column <= Math.min(columns - 1, to); column++)
        plane[row * columns + column]!++;
    });
  return plane;
};

/** Tests a pixel by casting a ray to higher columns. */
const isInside = (polygon: PixelPoint[], row: number, column: number): boolean => {
  const edges = polygon.map((from, k) => [from, polygon[(k + 1) % polygon.length]!] as const);
  const crossed = edges.filter(
    ([[x, y], [nextX, nextY]]) => y <= row !== nextY <= row && column < x + ((row - y) * (nextX - x)) / (nextY - y),
  );
  return crossed.length % 2 === 1;
};

it('fills the pixels whose ray crosses the polygon an odd number of times', () => {
  const corner = fc.tuple(fc.integer({ min: -50, max: 150 }), fc.integer({ min: -50, max: 150 }));
  fc.assert(
    fc.property(fc.array(corner, { minLength: 3, maxLength: 12 }), fc.constantFrom(1, 4, 10), (drawn, unit) => {
      const polygon = drawn.map(([x, y]): PixelPoint => [x / unit, y / unit]);
      const expected = Array.from({ length: 110 }, (_, k) => Number(isInside(polygon, Math.floor(k / 11), k % 11)));
      expect(filled([polygon], 10, 11)).toEqual(expected);
    }),
    { endOnFailure: true },
  );
});

it('gives each pixel centre on a shared edge to exactly one of two polygons', () => {
  const box = (left: number, right: number): PixelPoint[] => [
    [left, 0],
    [right, 0],
    [right, 6],
    [left, 6],
  ];
  const both = filled([box(0, 3), box(3, 7)], 8, 8);
  expect(both.filter((times) => times === 1)).toHaveLength(6 * 7);
  expect(both.every((times) => times <= 1)).toBe(true);
});

it('spends no time on a corner far outside', () => {
  const far: PixelPoint[] = [
    [0, 0],
    [5, 0],
    [3, 1e300],
    [2, -1e300],
  ];
  expect(filled([far], 4, 8)).toHaveLength(32);
});
