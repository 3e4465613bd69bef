import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Corner, fillPolygons } from '../../dist/labels/fillPolygons.js';

const filled = (polygons: Corner[][], rows: number, columns: number): number[] => {
  const plane = new Uint8Array(rows * columns);
  fillPolygons(polygons, plane, rows, columns);
  return [...plane];
};

/** Casts a ray to higher columns; an edge is walked from its lower end, whichever way it is drawn, so that rounding is the same. */
const isInside = (polygons: Corner[][], row: number, column: number): boolean => {
  const edges = polygons.flatMap((polygon) =>
    polygon.map((from, k) => [from, polygon[(k + 1) % polygon.length]!].sort(([a], [b]) => a - b) as [Corner, Corner]),
  );
  const crossed = edges.filter(
    ([[low, from], [high, to]]) =>
      low <= row && row < high && column < from + ((row - low) / (high - low)) * (to - from),
  );
  return crossed.length % 2 === 1;
};

it('pixels are inside whose ray crosses the polygons an odd number of times', () => {
  const corner = fc.tuple(fc.double({ min: -5, max: 15, noNaN: true }), fc.double({ min: -5, max: 15, noNaN: true }));
  const polygons = fc.array(fc.array(corner, { minLength: 3, maxLength: 9 }), { maxLength: 4 });
  fc.assert(
    fc.property(polygons, (drawn) => {
      const wanted = Array.from({ length: 110 }, (_, k) => Number(isInside(drawn, Math.floor(k / 11), k % 11)));
      expect(filled(drawn, 10, 11)).toEqual(wanted);
    }),
  );
});

it('of two polygons that share an edge through the centres of pixels, one has each', () => {
  const left: Corner[] = [
    [0, 0],
    [0, 3],
    [6, 3],
    [6, 0],
  ];
  const right: Corner[] = [
    [0, 3],
    [0, 7],
    [6, 7],
    [6, 3],
  ];
  const both = filled([left], 8, 8).map((mark, k) => mark + filled([right], 8, 8)[k]!);
  expect(both.filter((marks) => marks === 1)).toHaveLength(6 * 7);
  expect(both.every((marks) => marks <= 1)).toBe(true);
});
