import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadLoader } from '../../../dist/runtime/libtorch/load.js';
import { fromData, memory, op, scope, type Tensor, zeros } from '../../../dist/torch/index.js';
import { inRoot } from '../../support/paths.js';
import { random } from '../../support/random.js';
import { sha256 } from '../../support/tensors.js';

// The CUDA kernels compiled by g++, where a launch loops over blocks and threads (binding/cuda/launch.h).
beforeAll(() => {
  const build = inRoot('build');
  const made = spawnSync('cmake', ['--build', build, '--target', 'nodule_shim'], { encoding: 'utf8' });
  expect(made.status, `${made.stdout}${made.stderr}`).toBe(0);
  memory(); // opens libtorch, which the shim finds by name
  expect(loadLoader().open(path.join(build, 'shim', 'nodule_shim.so'))).toBeNull();
}, 300_000);

interface Case {
  rows: number;
  columns: number;
  window: number;
  channels: number;
  batch: number;
  labelShare: number;
  noise: number;
  scale: number;
  flip: boolean;
  options?: Record<string, string | boolean>;
  clip?: [number, number];
}

const usual: Case = {
  rows: 40,
  columns: 36,
  window: 24,
  channels: 7,
  batch: 5,
  labelShare: 0.02,
  noise: 25,
  scale: 0.2,
  flip: true,
};

const cases: Record<string, Partial<Case>> = {
  'seven slices with all augmentations': {},
  'one slice, nothing drawn': { channels: 1, noise: 0, scale: 0, flip: false, labelShare: 0.3 },
  'a window of an odd size as large as the plane': { rows: 17, columns: 17, window: 17, channels: 3 },
  'more voxels than a block has threads, and a batch of one': { rows: 96, columns: 96, window: 64, batch: 1 },
  'a window smaller than a group of noise': { window: 3, rows: 5, columns: 4, batch: 300 },
  'a label of single voxels, scaled down': { labelShare: 0.004, scale: 0.9 },
  "the book's border, label and noise": {
    options: { borderAtWindow: true, labelResample: true, noiseAfterClamp: true },
  },
  'no clip, as for intensities that are no HU': { clip: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] },
};

const inputs = (c: Case, seed: number) => {
  const next = random(seed);
  const planes = c.channels + 4;
  const image = Int16Array.from({ length: planes * c.rows * c.columns }, () => Math.floor(next() * 65536) - 32768);
  const label = Uint8Array.from({ length: 3 * c.rows * c.columns }, (_, i) =>
    Number(i >= c.rows * c.columns && next() < c.labelShare),
  );
  const crops = 6;
  const table = Int32Array.from({ length: crops * (c.channels + 1) }, (_, i) =>
    Math.floor(next() * (i % (c.channels + 1) === c.channels ? 3 : planes)),
  );
  const groups = (...starts: number[]) => fromData(BigInt64Array.from(starts, BigInt));
  const focus = Int32Array.from({ length: 2 * crops }, (_, i) =>
    Math.floor(next() * (i % 2 === 0 ? c.rows : c.columns)),
  );
  const draws = op('nodule::draw_epoch')(groups(0, 2, 3), groups(3, 6), fromData(focus, [crops, 2]), 2 * c.batch + 1, {
    seed,
    epoch: 3,
    rows: c.rows,
    columns: c.columns,
    window: c.window,
    negativeShare: 0.4,
    flip: c.flip,
    flipSlices: c.flip,
    offset: c.scale === 0 ? 0 : 0.1,
    scale: c.scale,
    rotate: c.scale > 0,
    noise: c.noise,
    hideEdges: Math.floor(c.channels / 2),
  }) as Tensor;
  return {
    image: fromData(image, [planes, c.rows, c.columns]),
    label: fromData(label, [3, c.rows, c.columns]),
    table: fromData(table, [crops, c.channels + 1]),
    draws,
  };
};

/** Hashes of image and mask over three batches, the last of which restarts the epoch's order. */
const hashes = (name: string, { image, label, table, draws }: ReturnType<typeof inputs>, c: Case, dtype: string) =>
  scope(() => {
    const cursor = zeros([1], { dtype: 'int64' });
    const [low, high] = c.clip ?? [-1000, 1000];
    const found = [1, 2, 3].flatMap(() => {
      const [out, mask] = op(name, { unsafe: true })(image, label, table, draws, cursor, c.batch, c.window, low, high, {
        ...c.options,
        dtype,
      }) as [Tensor, Tensor];
      return [sha256(out), sha256(mask)];
    });
    return [...found, cursor.item()];
  });

describe('the CUDA kernel of crop_augment, run on the CPU, is bit-identical to the CPU operator', () => {
  for (const [name, changes] of Object.entries(cases))
    it.each(['float32', 'float64'])(`for ${name} in %s`, (dtype) =>
      scope(() => {
        const c = { ...usual, ...changes };
        for (const seed of [1, 2, 3]) {
          const given = inputs(c, seed);
          const expected = hashes('nodule::crop_augment', given, c, dtype);
          expect(hashes('nodule_shim::crop_augment', given, c, dtype)).toEqual(expected);
          expect(new Set(expected.slice(0, 6)).size).toBeGreaterThan(2);
        }
      }),
    );
});

describe('the CUDA kernel of crop_augment', () => {
  const run = (change: (rows: Float64Array) => void, table?: Tensor) =>
    scope(() => {
      const given = inputs(usual, 9);
      const rows = given.draws.data() as Float64Array;
      change(rows);
      const cursor = zeros([1], { dtype: 'int64' });
      const [out, mask] = op('nodule_shim::crop_augment', { unsafe: true })(
        given.image,
        given.label,
        table ?? given.table,
        given.draws,
        cursor,
        usual.batch,
        usual.window,
        -1000,
        1000,
      ) as [Tensor, Tensor];
      const bad = (tensor: Tensor) =>
        (tensor.toArray() as unknown[]).map((sample) => {
          const values = (sample as number[][][]).flat(2);
          return values.every(Number.isNaN) ? 'all NaN' : values.some(Number.isNaN) ? 'some NaN' : 'numbers';
        });
      return [bad(out), bad(mask)];
    });

  it('fills a sample whose row points outside with NaN, reads nothing there, and leaves the others unchanged', () => {
    const expected = ['numbers', 'all NaN', 'numbers', 'numbers', 'numbers'];
    for (const [column, value] of [
      [0, 6],
      [0, -1],
      [0, Number.NaN],
      [1, 17],
      [2, -1],
      [4, Number.NaN],
      [8, 1e9],
      [13, 4],
      [14, Number.NaN],
    ] as const)
      expect(run((rows) => rows.fill(value, 15 + column, 16 + column))).toEqual([expected, expected]);
  });

  it('does the same if the table names a plane that does not exist', () => {
    const outside = fromData(new Int32Array(6 * 8).fill(99), [6, 8]);
    expect(run(() => {}, outside)[0]).toEqual(new Array(5).fill('all NaN'));
  });

  it('refuses the same inputs as the CPU operator', () =>
    scope(() => {
      const given = inputs(usual, 9);
      const cursor = zeros([1], { dtype: 'int64' });
      expect(() =>
        op('nodule_shim::crop_augment', { unsafe: true })(
          given.image,
          given.label,
          given.table,
          given.draws,
          cursor,
          5,
          99,
          -1,
          1,
        ),
      ).toThrow('window is 99, expected 1 to 36');
    }));
});

it('the CUDA kernel of Philox gives the published numbers, as the CPU operator does', () =>
  scope(() => {
    const next = random(4);
    const words = (n: number) => BigInt64Array.from({ length: n }, () => BigInt(Math.floor(next() * 2 ** 32)));
    const [counters, keys] = [fromData(words(4 * 700), [700, 4]), fromData(words(2 * 700), [700, 2])];
    const expected = op('nodule::philox4x32_10')(counters, keys) as Tensor;
    expect(sha256(op('nodule_shim::philox4x32_10', { unsafe: true })(counters, keys) as Tensor)).toBe(sha256(expected));
  }));
