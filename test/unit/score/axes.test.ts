import { describe, expect, test } from 'vitest';
import { axialAxes, largestDiameter } from '../../../dist/score/index.js';
import { random } from '../../support/random.js';

type Shape = readonly [number, number, number];
type Spacing = readonly [number, number, number];

function positionsWhere(shape: Shape, inside: (i: number, r: number, c: number) => boolean): Int32Array {
  const [slices, rows, columns] = shape;
  const found: number[] = [];
  for (let i = 0; i < slices; i++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) if (inside(i, r, c)) found.push((i * rows + r) * columns + c);
  return Int32Array.from(found);
}

/** Both axes and the 3D diameter by comparing all voxels with all, straight from the definition. */
function byAllPairs(positions: Int32Array, [, rows, columns]: Shape, [sx, sy, sz]: Spacing) {
  const voxels = [...positions].map((at) => ({
    i: Math.floor(at / (rows * columns)),
    x: (at % columns) * sx,
    y: (Math.floor(at / columns) % rows) * sy,
  }));
  const same = 1e-9;
  let long = 0;
  let short = 0;
  for (const slice of new Set(voxels.map(({ i }) => i))) {
    const own = voxels.filter(({ i }) => i === slice);
    const pairs = own.flatMap((a, n) => own.slice(n).map((b) => [b.x - a.x, b.y - a.y] as const));
    const most = Math.max(...pairs.map(([x, y]) => Math.hypot(x, y)));
    for (const [x, y] of pairs.filter((pair) => Math.hypot(...pair) >= most * (1 - same))) {
      const [ux, uy] = most === 0 ? (sx >= sy ? [1, 0] : [0, 1]) : [x / most, y / most];
      const one = Math.hypot(ux * sx, uy * sy);
      let across = 0;
      for (const [dx, dy] of pairs)
        if (Math.abs(dx * ux + dy * uy) <= one * (1 + same)) across = Math.max(across, Math.abs(dx * -uy + dy * ux));
      const lengths = [most + one, across + Math.hypot(uy * sx, ux * sy)].sort((a, b) => b - a) as [number, number];
      if (lengths[0] < long * (1 - same)) continue;
      if (lengths[0] > long * (1 + same) || lengths[1] > short) short = lengths[1];
      long = Math.max(long, lengths[0]);
    }
  }
  let [distance, diameter] = [0, Math.max(sx, sy, sz)];
  for (const a of voxels) {
    for (const b of voxels) {
      const steps = [b.x - a.x, b.y - a.y, (b.i - a.i) * sz] as const;
      const apart = Math.hypot(...steps);
      if (apart === 0 || apart < distance * (1 - same)) continue;
      const total = apart + Math.hypot(steps[0] * sx, steps[1] * sy, steps[2] * sz) / apart;
      diameter = apart > distance * (1 + same) ? total : Math.max(diameter, total);
      distance = Math.max(apart, distance);
    }
  }
  return { long, short, diameter };
}

const measure = (positions: Int32Array, shape: Shape, spacing: Spacing) => {
  const axes = axialAxes(positions, shape, spacing);
  return { ...axes, diameter: largestDiameter(positions, shape, spacing) };
};

const lengthOf = ({ ends: [from, to] }: { ends: readonly [readonly number[], readonly number[]] }, spacing: Spacing) =>
  Math.hypot((to[1]! - from[1]!) * spacing[0], (to[0]! - from[0]!) * spacing[1]);

describe('axes of a nodule', () => {
  test('a single pixel is as long as its sides', () => {
    const shape = [3, 4, 5] as const;
    const one = positionsWhere(shape, (i, r, c) => i === 1 && r === 0 && c === 4);
    expect(measure(one, shape, [0.7, 0.7, 2])).toMatchObject({
      slice: 1,
      long: {
        mm: 0.7,
        ends: [
          [0, 3.5],
          [0, 4.5],
        ],
      },
      short: {
        mm: 0.7,
        ends: [
          [-0.5, 4],
          [0.5, 4],
        ],
      },
      diameter: 2,
    });
    expect(measure(one, shape, [0.5, 2, 1])).toMatchObject({ long: { mm: 2 }, short: { mm: 0.5 }, diameter: 2 });
  });

  test('rows and columns of pixels are as long as their pixels together', () => {
    const shape = [1, 9, 9] as const;
    const spacing = [0.5, 0.8, 3] as const;
    const row = measure(
      positionsWhere(shape, (_, r, c) => r === 4 && c > 1 && c < 8),
      shape,
      spacing,
    );
    expect(row.long.mm).toBeCloseTo(6 * 0.5, 12);
    expect(row.short.mm).toBeCloseTo(0.8, 12);
    const column = measure(
      positionsWhere(shape, (_, r, c) => c === 4 && r > 1 && r < 8),
      shape,
      spacing,
    );
    expect(column.long.mm).toBeCloseTo(6 * 0.8, 12);
    expect(column.short.mm).toBeCloseTo(0.5, 12);
  });

  test('the short axis is never the longer one, even where pixels are oblong', () => {
    const shape = [1, 3, 9] as const;
    const three = measure(
      positionsWhere(shape, (_, r, c) => r === 1 && c < 3),
      shape,
      [0.5, 2, 1],
    );
    expect([three.long.mm, three.short.mm]).toEqual([2, 1.5]);
    expect(three.diameter).toBe(1.5);
  });

  test('a ball has its diameter along both axes and in 3D, to one pixel', () => {
    const shape = [41, 61, 61] as const;
    const spacing = [0.7, 0.7, 1.25] as const;
    const ball = positionsWhere(shape, (i, r, c) => Math.hypot((i - 20) * 1.25, (r - 30) * 0.7, (c - 30) * 0.7) <= 10);
    const { slice, long, short, diameter } = measure(ball, shape, spacing);
    expect(slice).toBe(20);
    for (const mm of [long.mm, short.mm]) expect(Math.abs(mm - 20)).toBeLessThanOrEqual(0.71);
    // 16 slices apart, and one slice.
    expect(diameter).toBeCloseTo(21.25, 9);
  });

  test('an oblique ellipse has its own axes, at right angles and where they were measured', () => {
    const shape = [1, 120, 120] as const;
    const spacing = [0.6, 0.6, 1] as const;
    const [cos, sin] = [Math.cos(0.5), Math.sin(0.5)];
    const ellipse = positionsWhere(shape, (_, r, c) => {
      const [x, y] = [(c - 60) * 0.6, (r - 58) * 0.6];
      return ((x * cos + y * sin) / 25) ** 2 + ((y * cos - x * sin) / 10) ** 2 <= 1;
    });
    const { long, short } = measure(ellipse, shape, spacing);
    expect(Math.abs(long.mm - 50)).toBeLessThan(0.8);
    expect(Math.abs(short.mm - 20)).toBeLessThan(0.8);
    const [[r0, c0], [r1, c1]] = long.ends;
    const [[r2, c2], [r3, c3]] = short.ends;
    expect((r1 - r0) * (r3 - r2) + (c1 - c0) * (c3 - c2)).toBeCloseTo(0, 9);
    expect(lengthOf(long, spacing)).toBeCloseTo(long.mm, 9);
    expect(lengthOf(short, spacing)).toBeCloseTo(short.mm, 9);
  });

  test('the short axis is a line through the nodule, not the width of its bounding box', () => {
    // A rectangle: its long axis is the diagonal, the longest perpendicular line has length h * diagonal / w.
    const shape = [1, 60, 110] as const;
    const rectangle = positionsWhere(shape, (_, r, c) => r < 51 && c < 101);
    const { long, short } = measure(rectangle, shape, [1, 1, 1]);
    expect(long.mm).toBeCloseTo(Math.hypot(100, 50) + 1, 9);
    expect(Math.abs(short.mm - (50 * Math.hypot(100, 50)) / 100 - 1)).toBeLessThan(1);
  });

  test('random sets of voxels have the axes and diameters that all pairs give', () => {
    const next = random(7);
    for (let n = 0; n < 150; n++) {
      const shape = [1 + Math.floor(next() * 5), 2 + Math.floor(next() * 9), 2 + Math.floor(next() * 9)] as const;
      const spacing = [0.3 + next(), n % 3 === 0 ? 0.3 + 2 * next() : 0, 0.5 + 2 * next()] as [number, number, number];
      if (spacing[1] === 0) spacing[1] = spacing[0];
      const density = next();
      const positions = positionsWhere(shape, () => next() < density);
      if (positions.length === 0) continue;
      const expected = byAllPairs(positions, shape, spacing);
      const { long, short, diameter } = measure(positions, shape, spacing);
      expect(long.mm).toBeCloseTo(expected.long, 9);
      expect(short.mm).toBeCloseTo(expected.short, 9);
      expect(diameter).toBeCloseTo(expected.diameter, 9);
      expect(short.mm).toBeLessThanOrEqual(long.mm + 1e-9);
      expect(lengthOf(long, spacing)).toBeCloseTo(long.mm, 9);
      expect(lengthOf(short, spacing)).toBeCloseTo(short.mm, 9);
    }
  });

  test('mirrored and transposed sets have the same axes', () => {
    const next = random(3);
    for (let n = 0; n < 40; n++) {
      const size = 9;
      const set = new Set(positionsWhere([1, size, size], () => next() < 0.4));
      if (set.size === 0) continue;
      const lengths = [
        (r: number, c: number) => [r, c],
        (r: number, c: number) => [size - 1 - r, c],
        (r: number, c: number) => [r, size - 1 - c],
        (r: number, c: number) => [c, r],
      ].map((move) => {
        const moved = positionsWhere([1, size, size], (_, r, c) => {
          const [mr, mc] = move(r, c) as [number, number];
          return set.has(mr * size + mc);
        });
        const { long, short } = axialAxes(moved, [1, size, size], [0.7, 0.7, 1]);
        return [long.mm.toFixed(9), short.mm.toFixed(9)].join(' ');
      });
      expect(new Set(lengths).size).toBe(1);
    }
  });

  test('of equal slices the first counts', () => {
    const shape = [5, 4, 4] as const;
    const box = positionsWhere(shape, (i, r, c) => i > 0 && r < 2 && c < 3);
    expect(axialAxes(box, shape, [1, 1, 1]).slice).toBe(1);
  });

  test('a million voxels take less than three seconds of one core', () => {
    const shape = [140, 140, 140] as const;
    const ball = positionsWhere(shape, (i, r, c) => Math.hypot(i - 70, r - 70, c - 70) < 62.3);
    expect(ball.length).toBeGreaterThan(1e6);
    const start = process.cpuUsage();
    const { long, short, diameter } = measure(ball, shape, [1, 1, 1]);
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(3);
    for (const mm of [long.mm, short.mm, diameter]) expect(Math.abs(mm - 124.6)).toBeLessThan(1.5);
  });
});
