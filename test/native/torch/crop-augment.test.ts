import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromData, op, scope, setNumThreads, type Tensor, tensor, zeros } from '../../../dist/torch/index.js';
import { random } from '../../support/random.js';
import { sharedGolden } from '../../support/shared.js';

const golden = sharedGolden('book_augment.safetensors');

/** The arrays of a safetensors file: 8 bytes length, JSON header, data. */
function arrays(path: string) {
  const file = readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length));
  return (name: string): number[] => {
    const { dtype, data_offsets } = header[name];
    const bytes = Uint8Array.from(file.subarray(8 + length + data_offsets[0], 8 + length + data_offsets[1]));
    const types = { F32: Float32Array, F64: Float64Array, U8: Uint8Array } as const;
    return Array.from(new types[dtype as keyof typeof types](bytes.buffer));
  };
}

const COLUMNS = 15;

/** One row of draws: crop 0 at window (row, column), with a 2x3 matrix. */
const row = (matrix: readonly number[], at = [0, 0], noise = 0, keys = [1, 2]): number[] => [
  0,
  at[0] as number,
  at[1] as number,
  ...matrix,
  noise,
  keys[0] as number,
  keys[1] as number,
  0,
  0,
  0,
];

interface Options {
  borderAtWindow?: boolean;
  labelResample?: boolean;
  noiseAfterClamp?: boolean;
  dtype?: 'float32' | 'float64';
}

const run = (image: Tensor, label: Tensor, table: Tensor, rows: number[][], window: number, options: Options = {}) => {
  const draws = fromData(Float64Array.from(rows.flat()), [rows.length, COLUMNS]);
  const cursor = zeros([1], { dtype: 'int64' });
  return op('nodule::crop_augment')(
    image,
    label,
    table,
    draws,
    cursor,
    rows.length,
    window,
    -1000,
    1000,
    options as Record<string, string | boolean>,
  ) as [Tensor, Tensor];
};

const identity = [1, 0, 0, 0, 1, 0];
const int32 = (values: number[], shape: number[]) => fromData(Int32Array.from(values), shape);

/** Runs one plane and returns its mask as plain numbers. */
const maskOf = (label: Uint8Array, size: number, rows: number[][], options: Options = {}, window = size): number[] =>
  scope(() => {
    const image = zeros([1, size, size], { dtype: 'int16' });
    const [, mask] = run(image, fromData(label, [1, size, size]), int32([0, 0], [1, 2]), rows, window, options);
    return Array.from(mask.data() as Float32Array);
  });

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);

const randomMatrix = (next: () => number, scale: number): number[] => {
  const angle = 2 * Math.PI * next();
  const [sx, sy] = [1 + scale * (2 * next() - 1), 1 + scale * (2 * next() - 1)];
  const shift = () => 0.06 * (2 * next() - 1);
  const [s, c] = [Math.sin(angle), Math.cos(angle)];
  return [sx * c, -sx * s, shift(), sy * s, sy * c, shift()];
};

describe.skipIf(golden === null)('crop_augment for given matrices (skipped without ../shared/golden)', () => {
  const read = golden === null ? () => [] : arrays(golden);
  for (const seed of [1, 2, 3, 4, 5])
    it(`equals the book's augmentation of seed ${seed}: float64 within 1e-9 HU, float32 within 5e-3, each label`, () =>
      scope(() => {
        const image = fromData(Int16Array.from(read('input')), [3, 32, 32]);
        const label = fromData(Uint8Array.from(read('label')), [1, 32, 32]);
        const table = int32([0, 1, 2, 0], [1, 4]);
        const rows = [row(read(`${seed}.matrix`).slice(0, 6))];
        for (const [dtype, bound] of [
          ['float64', 1e-9],
          ['float32', 5e-3],
        ] as const) {
          const [out, mask] = run(image, label, table, rows, 32, { dtype, borderAtWindow: true, labelResample: true });
          const expected = read(`${seed}.output_f64`);
          const found = Array.from(out.data() as Float32Array);
          expect(Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number))))).toBeLessThan(bound);
          expect(Array.from(mask.data() as Float32Array)).toEqual(read(`${seed}.label`));
        }
      }));
});

describe('the image of crop_augment', () => {
  const planes = (count: number, size: number, seed = 1) => {
    const next = random(seed);
    return fromData(
      Int16Array.from({ length: count * size * size }, () => Math.floor(next() * 2000) - 1000),
      [count, size, size],
    );
  };

  it('is the window itself without augmentation', () =>
    scope(() => {
      const image = planes(7, 12);
      const table = int32([0, 1, 2, 3, 4, 5, 6, 0], [1, 8]);
      const [out] = run(image, zeros([1, 12, 12], { dtype: 'uint8' }), table, [row(identity, [3, 1])], 8);
      expect(out.shape).toEqual([1, 7, 8, 8]);
      expect(out.toArray()).toEqual([image.narrow(1, 3, 8).narrow(2, 1, 8).to('float32').toArray()]);
    }));

  it("reads the crop's own voxels beyond the window, and repeats the window's edge for the book", () =>
    scope(() => {
      const image = planes(1, 12);
      const label = zeros([1, 12, 12], { dtype: 'uint8' });
      const shifted = [row([1, 0, 0.5, 0, 1, 0], [2, 2])];
      const [out] = run(image, label, int32([0, 0], [1, 2]), shifted, 8);
      expect(out.toArray()).toEqual([[image.select(0, 0).narrow(0, 2, 8).narrow(1, 4, 8).to('float32').toArray()]]);
      const [cut] = run(image, label, int32([0, 0], [1, 2]), shifted, 8, { borderAtWindow: true });
      const edge = image.select(0, 0).narrow(0, 2, 8).narrow(1, 9, 1).to('float32').toArray() as number[][];
      for (const column of [5, 6, 7])
        expect(cut.select(0, 0).select(0, 0).narrow(1, column, 1).toArray()).toEqual(edge);
    }));

  it('has noise of mean 0 and the given deviation, never beyond the clip unless the book clamps before', () =>
    scope(() => {
      const image = fromData(new Int16Array(7 * 64 * 64).fill(0), [7, 64, 64]);
      const table = int32([0, 1, 2, 3, 4, 5, 6, 0], [1, 8]);
      const label = zeros([1, 64, 64], { dtype: 'uint8' });
      const [out] = run(
        image,
        label,
        table,
        [row(identity, [0, 0], 25, [77, 5]), row(identity, [0, 0], 25, [78, 5])],
        64,
      );
      const values = Array.from(out.data() as Float32Array).map((value) => value / 25);
      const n = values.length;
      const moment = (k: number) => sum(values.map((value) => value ** k)) / n;
      expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(n));
      expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
      expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n));
      expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
      // Share of a normal distribution beyond one, two and three deviations.
      for (const [limit, share] of [
        [1, 0.3173],
        [2, 0.0455],
        [3, 0.0027],
      ] as const) {
        const found = values.filter((value) => Math.abs(value) > limit).length / n;
        expect(Math.abs(found - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / n) + 0.002 * share);
      }
      // Neighbours along a row and the same voxel of two crops are uncorrelated.
      const correlation = (shift: number, count: number) =>
        sum(values.slice(0, count).map((value, i) => value * (values[i + shift] as number))) / count;
      for (const shift of [1, 2, 3, 4, 64, 4096])
        expect(Math.abs(correlation(shift, n - shift))).toBeLessThan(5 / Math.sqrt(n - shift));
      expect(Math.abs(correlation(n / 2, n / 2))).toBeLessThan(5 / Math.sqrt(n / 2));

      const air = fromData(new Int16Array(64 * 64).fill(-1000), [1, 64, 64]);
      const noisy = [row(identity, [0, 0], 25)];
      const least = (options: Options) =>
        Math.min(...(run(air, label, int32([0, 0], [1, 2]), noisy, 64, options)[0].data() as Float32Array));
      expect(least({})).toBe(-1000);
      expect(least({ noiseAfterClamp: true })).toBeLessThan(-1050);
    }));

  it('depends neither on the batch size nor on the number of threads', () =>
    scope(() => {
      const image = planes(7, 24);
      const label = fromData(
        Uint8Array.from({ length: 24 * 24 }, (_, i) => Number(i % 7 === 0)),
        [1, 24, 24],
      );
      const table = int32([0, 1, 2, 3, 4, 5, 6, 0], [1, 8]);
      const next = random(3);
      const rows = Array.from({ length: 12 }, (_, i) => row(randomMatrix(next, 0.2), [i % 8, 3], 25, [i, 9]));
      const draws = fromData(Float64Array.from(rows.flat()), [12, COLUMNS]);
      const bytes = (batch: number, threads: number) => {
        setNumThreads(threads);
        const cursor = zeros([1], { dtype: 'int64' });
        const parts = Array.from({ length: 12 / batch }, () => {
          const [out, mask] = op('nodule::crop_augment')(image, label, table, draws, cursor, batch, 16, -1000, 1000);
          return [out.toArray(), mask.toArray()] as [unknown[], unknown[]];
        });
        expect(cursor.item()).toBe(12);
        return [parts.flatMap(([out]) => out), parts.flatMap(([, mask]) => mask)];
      };
      const whole = bytes(12, 1);
      expect(bytes(12, 2)).toEqual(whole);
      expect(bytes(4, 1)).toEqual(whole);
      expect(bytes(1, 2)).toEqual(whole);
      setNumThreads(1);
    }));

  it('reverses the slices if its row does', () =>
    scope(() => {
      const image = planes(3, 8);
      const mirrored = row(identity);
      mirrored[12] = 1;
      const [out] = run(image, zeros([1, 8, 8], { dtype: 'uint8' }), int32([0, 1, 2, 0], [1, 4]), [mirrored], 8);
      const expected = [2, 1, 0].map((plane) => image.select(0, plane).to('float32').toArray());
      expect(out.toArray()).toEqual([expected]);
    }));

  it('repeats the slices inward of those that are hidden, also in a reversed stack', () =>
    scope(() => {
      const image = planes(5, 8);
      const shown = (first: number, last: number, mirror: number) => {
        const cut = [...row(identity).slice(0, 12), mirror, first, last];
        const [out] = run(image, zeros([1, 8, 8], { dtype: 'uint8' }), int32([0, 1, 2, 3, 4, 0], [1, 6]), [cut], 8);
        return out.toArray();
      };
      const stack = (...order: number[]) => [order.map((plane) => image.select(0, plane).to('float32').toArray())];
      expect(shown(1, 2, 0)).toEqual(stack(1, 1, 2, 2, 2));
      expect(shown(2, 0, 1)).toEqual(stack(4, 3, 2, 2, 2));
      expect(() => shown(3, 0, 0)).toThrow('row 0 of draws cuts 3 slices off a stack of 5');
      expect(() => shown(0, Number.NaN, 0)).toThrow('cuts nan slices off');
    }));
});

describe('the label of crop_augment', () => {
  it('is exact under flips and quarter turns', () => {
    const size = 16;
    const next = random(5);
    const label = Uint8Array.from({ length: size * size }, () => Number(next() < 0.3));
    const at = (r: number, c: number) => label[r * size + c] as number;
    const expected = (from: (r: number, c: number) => number) =>
      Array.from({ length: size * size }, (_, i) => from(Math.floor(i / size), i % size));
    const last = size - 1;
    expect(maskOf(label, size, [row(identity)])).toEqual(expected(at));
    expect(maskOf(label, size, [row([-1, 0, 0, 0, 1, 0])])).toEqual(expected((r, c) => at(r, last - c)));
    expect(maskOf(label, size, [row([1, 0, 0, 0, -1, 0])])).toEqual(expected((r, c) => at(last - r, c)));
    expect(maskOf(label, size, [row([0, -1, 0, 1, 0, 0])])).toEqual(expected((r, c) => at(c, last - r)));
  });

  it("never loses a nodule, however small, while the book's method loses many of one or two voxels", () => {
    const size = 24;
    const next = random(11);
    let lostByBook = 0;
    for (let i = 0; i < 400; i++) {
      const label = new Uint8Array(size * size);
      const [r, c] = [8 + Math.floor(next() * 8), 8 + Math.floor(next() * 8)];
      label[r * size + c] = 1;
      if (i % 2 === 1) label[(r + Number(next() < 0.5)) * size + c + 1] = 1;
      const rows = [row(randomMatrix(next, 0.2))];
      expect(sum(maskOf(label, size, rows))).toBeGreaterThan(0);
      lostByBook += Number(sum(maskOf(label, size, rows, { labelResample: true })) === 0);
    }
    expect(lostByBook).toBeGreaterThan(60);
  });

  it('keeps the mean area of nodules of 2 voxels and more, unlike a threshold of one half for the smallest', () => {
    const size = 32;
    const area = (radius: number, options: Options) => {
      const next = random(17);
      let [found, wanted] = [0, 0];
      for (let i = 0; i < 300; i++) {
        const [y, x] = [15 + next(), 15 + next()];
        const label = Uint8Array.from({ length: size * size }, (_, k) =>
          Number(Math.hypot(Math.floor(k / size) - y, (k % size) - x) <= radius),
        );
        const matrix = randomMatrix(next, 0.2);
        const [a, b, , d, e] = matrix as [number, number, number, number, number, number];
        found += sum(maskOf(label, size, [row(matrix)], options));
        wanted += sum(label) / Math.abs(a * e - b * d);
      }
      return found / wanted;
    };
    for (const radius of [0.8, 1.5, 3, 5]) expect(Math.abs(area(radius, {}) - 1)).toBeLessThan(0.04);
    expect(area(0.8, { labelResample: true })).toBeLessThan(0.9);
  });
});

describe('crop_augment refuses', () => {
  const call = (change: (parts: Record<string, Tensor>) => void, window = 8) =>
    scope(() => {
      const parts: Record<string, Tensor> = {
        image: zeros([2, 12, 12], { dtype: 'int16' }),
        label: zeros([1, 12, 12], { dtype: 'uint8' }),
        table: int32([0, 1, 0], [1, 3]),
        draws: fromData(Float64Array.from(row(identity)), [1, COLUMNS]),
        cursor: zeros([1], { dtype: 'int64' }),
      };
      change(parts);
      op('nodule::crop_augment')(...Object.values(parts), 1, window, -1000, 1000);
    });

  it('a crop, plane or window that does not exist, naming the row', () => {
    const draws = (change: (values: number[]) => void) => {
      const values = row(identity);
      change(values);
      return fromData(Float64Array.from(values), [1, COLUMNS]);
    };
    expect(() => call((p) => (p.draws = draws((v) => (v[0] = 1))))).toThrow('row 0 of draws names crop 1');
    expect(() => call((p) => (p.draws = draws((v) => (v[1] = 5))))).toThrow('row 0 of draws names crop 0 at (5, 0)');
    expect(() => call((p) => (p.draws = draws((v) => (v[0] = Number.NaN))))).toThrow('row 0 of draws');
    expect(() => call((p) => (p.draws = draws((v) => (v[4] = Number.NaN))))).toThrow(
      'has the matrix entry nan, expected a number between -1e4 and 1e4',
    );
    expect(() => call((p) => (p.table = int32([0, 2, 0], [1, 3])))).toThrow(
      'row 0 of table names image plane 2, expected a plane below 2',
    );
    expect(() => call((p) => (p.table = int32([0, 1, 1], [1, 3])))).toThrow(
      'row 0 of table names label plane 1, expected a plane below 1',
    );
    expect(() => call(() => {}, 13)).toThrow('window is 13, expected 1 to 12');
  });

  it('tensors of another type or shape, naming what was found', () => {
    expect(() => call((p) => (p.image = zeros([2, 12, 12])))).toThrow(
      'image is Float [2, 12, 12], expected contiguous int16',
    );
    expect(() => call((p) => (p.label = zeros([1, 12, 11], { dtype: 'uint8' })))).toThrow(
      'label is Byte [1, 12, 11], expected contiguous uint8',
    );
    expect(() => call((p) => (p.draws = zeros([1, 4], { dtype: 'float64' })))).toThrow(
      '[positions, 15] from draw_epoch',
    );
    expect(() => call((p) => (p.cursor = tensor([-1], { dtype: 'int64' })))).toThrow(
      'cursor is -1, expected at least 0',
    );
  });
});
