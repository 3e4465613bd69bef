import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type NoduleMetrics, noduleMetrics, surfaceVoxels } from '../../../dist/score/index.js';
import { distancesTo } from '../../../dist/score/measure/distancesTo.js';
import { pythonInterpreter } from '../../support/python.js';
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

const ball = (shape: Shape, [sx, sy, sz]: Spacing, [i0, r0, c0]: Shape, radius: number) =>
  positionsWhere(shape, (i, r, c) => Math.hypot((i - i0) * sz, (r - r0) * sy, (c - c0) * sx) <= radius);

interface Case {
  name: string;
  shape: Shape;
  spacing: Spacing;
  predicted: Int32Array;
  truth: Int32Array;
}

function casesToCompare(): Case[] {
  const shape = [16, 30, 34] as const;
  const fine = [0.7, 0.7, 1.25] as const;
  const oblong = [0.6, 0.8, 2.5] as const;
  const all = positionsWhere(shape, () => true);
  const two = [...ball(shape, fine, [8, 8, 8], 4), ...ball(shape, fine, [8, 22, 25], 3)].sort((a, b) => a - b);
  const cases: Case[] = [
    {
      name: 'balls',
      shape,
      spacing: fine,
      predicted: ball(shape, fine, [8, 14, 15], 6),
      truth: ball(shape, fine, [7, 15, 17], 7),
    },
    {
      name: 'apart',
      shape,
      spacing: oblong,
      predicted: ball(shape, oblong, [2, 5, 5], 3),
      truth: ball(shape, oblong, [13, 25, 28], 4),
    },
    {
      name: 'at the border',
      shape,
      spacing: oblong,
      predicted: ball(shape, oblong, [0, 0, 0], 7),
      truth: ball(shape, oblong, [1, 1, 2], 6),
    },
    { name: 'the whole image', shape, spacing: fine, predicted: all, truth: ball(shape, fine, [15, 29, 33], 5) },
    {
      name: 'two parts',
      shape,
      spacing: fine,
      predicted: Int32Array.from(two),
      truth: ball(shape, fine, [8, 8, 8], 4),
    },
    {
      name: 'one voxel in a ball',
      shape,
      spacing: [1, 1, 1],
      predicted: Int32Array.of(8205),
      truth: ball(shape, [1, 1, 1], [8, 14, 15], 5),
    },
    { name: 'one voxel each', shape, spacing: oblong, predicted: Int32Array.of(5), truth: Int32Array.of(16319) },
    {
      name: 'the same',
      shape,
      spacing: fine,
      predicted: ball(shape, fine, [8, 14, 15], 6),
      truth: ball(shape, fine, [8, 14, 15], 6),
    },
  ];
  const next = random(11);
  for (let n = 0; n < 30; n++) {
    const size = [1 + Math.floor(next() * 7), 1 + Math.floor(next() * 12), 1 + Math.floor(next() * 12)] as const;
    const spacing = [0.4 + next(), 0.4 + next(), 0.5 + 2 * next()] as const;
    const [p, t] = [next(), next()];
    const [predicted, truth] = [positionsWhere(size, () => next() < p), positionsWhere(size, () => next() < t)];
    if (predicted.length > 0 && truth.length > 0)
      cases.push({ name: `random ${n}`, shape: size, spacing, predicted, truth });
  }
  return cases;
}

const metricsOf = ({ predicted, truth, shape, spacing }: Case) => noduleMetrics(predicted, truth, shape, spacing);

const python = pythonInterpreter();

describe('metrics of a nodule', () => {
  test.skipIf(python === null)(
    'equal those that scipy gives, to 1e-6 (skipped without the Python peers)',
    () => {
      const cases = casesToCompare();
      const script = join(import.meta.dirname, '../../support/noduleMetrics.py');
      const input = JSON.stringify(
        cases.map((each) => ({ ...each, predicted: [...each.predicted], truth: [...each.truth] })),
      );
      // MONAI computes in float32. It needs no other package than the peers have: pip install --no-deps monai==1.6.1.
      const flags = process.env.NODULE_TRAIN_TEST_MONAI === undefined ? [] : ['--monai'];
      const printed = execFileSync(python as string, [script, ...flags], { input, encoding: 'utf8' });
      const expected = JSON.parse(printed) as Record<keyof NoduleMetrics, number>[];
      expect(cases.length).toBeGreaterThan(30);
      for (const [n, each] of cases.entries()) {
        const metrics = metricsOf(each);
        for (const [name, value] of Object.entries(expected[n]!))
          expect(
            Math.abs(metrics[name as keyof NoduleMetrics]! - value) / Math.max(1, Math.abs(value)),
            `${name} of ${each.name}`,
          ).toBeLessThan(1e-6);
      }
    },
    60_000,
  );

  test('a prediction equal to the truth has no error', () => {
    const shape = [9, 9, 9] as const;
    const truth = ball(shape, [1, 1, 1], [4, 4, 4], 3);
    expect(noduleMetrics(truth, truth, shape, [1, 1, 1])).toEqual({
      iou: 1,
      surfaceDice1mm: 1,
      hd95Mm: 0,
      volumeErrorMm3: 0,
      volumeErrorShare: 0,
      longAxisErrorMm: 0,
      shortAxisErrorMm: 0,
    });
  });

  test('a missed nodule has IoU and surface Dice 0, and the diagonal of the image as HD95', () => {
    const truth = Int32Array.of(0, 1);
    expect(noduleMetrics(new Int32Array(0), truth, [3, 4, 12], [1, 1, 1])).toEqual({
      iou: 0,
      surfaceDice1mm: 0,
      hd95Mm: 13,
      volumeErrorMm3: -2,
      volumeErrorShare: -1,
      longAxisErrorMm: null,
      shortAxisErrorMm: null,
    });
  });

  test('a prediction where there is nothing is the same the other way round, without a relative error', () => {
    const metrics = noduleMetrics(Int32Array.of(7), new Int32Array(0), [3, 4, 12], [0.5, 0.5, 2]);
    expect(metrics).toMatchObject({ iou: 0, surfaceDice1mm: 0, volumeErrorMm3: 0.5, volumeErrorShare: null });
    expect(metrics.hd95Mm).toBeCloseTo(Math.hypot(3 * 2, 4 * 0.5, 12 * 0.5), 12);
  });

  test('nothing against nothing has no figure', () => {
    const none = new Int32Array(0);
    const metrics = noduleMetrics(none, none, [3, 4, 12], [1, 1, 1]);
    expect(Object.values(metrics).every((value) => value === null)).toBe(true);
  });

  test('without a spacing only IoU is known', () => {
    const { iou, ...others } = noduleMetrics(Int32Array.of(0, 1, 2), Int32Array.of(1, 2, 3), [1, 1, 4], null);
    expect(iou).toBe(0.5);
    expect(Object.values(others).every((value) => value === null)).toBe(true);
  });

  test('surfaces one millimetre apart agree, also where the sum of squares is rounded', () => {
    const shape = [1, 2, 2] as const;
    const metrics = noduleMetrics(Int32Array.of(0), Int32Array.of(3), shape, [0.6, 0.8, 1]);
    expect(metrics.surfaceDice1mm).toBe(1);
    expect(noduleMetrics(Int32Array.of(0), Int32Array.of(3), shape, [0.6, 0.81, 1]).surfaceDice1mm).toBe(0);
  });
});

describe('surface and distances', () => {
  test('the surface of a cube is all but its inside, and all of it at the border of the image', () => {
    const inside = positionsWhere([7, 7, 7], (...at) => at.every((place) => place > 0 && place < 6));
    const { surface, core } = surfaceVoxels(inside, [7, 7, 7]);
    expect([surface.length, core.length]).toEqual([125 - 27, 27]);
    const whole = positionsWhere([3, 3, 3], () => true);
    expect(surfaceVoxels(whole, [3, 3, 3]).core).toEqual(Int32Array.of(13));
  });

  test('distances are those to the nearest of all voxels', () => {
    const next = random(5);
    for (let n = 0; n < 60; n++) {
      const shape = [1 + Math.floor(next() * 6), 1 + Math.floor(next() * 9), 1 + Math.floor(next() * 9)] as const;
      const spacing = [0.3 + next(), 0.3 + next(), 0.3 + 3 * next()] as const;
      const [f, t] = [next(), next() ** 2];
      const [from, to] = [positionsWhere(shape, () => next() < f), positionsWhere(shape, () => next() < t)];
      if (to.length === 0) continue;
      const place = (at: number) => {
        const line = Math.floor(at / shape[2]);
        return [(at % shape[2]) * spacing[0], (line % shape[1]) * spacing[1], Math.floor(line / shape[1]) * spacing[2]];
      };
      const found = distancesTo(from, to, shape, spacing);
      for (const [k, at] of from.entries()) {
        const [x, y, z] = place(at) as [number, number, number];
        const nearest = Math.min(
          ...[...to].map((other) => {
            const [ox, oy, oz] = place(other) as [number, number, number];
            return Math.hypot(x - ox, y - oy, z - oz);
          }),
        );
        expect(found[k]).toBeCloseTo(nearest, 9);
      }
    }
  });
});
