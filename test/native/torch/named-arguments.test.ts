import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  arange,
  emptyCache,
  memory,
  nn,
  noGrad,
  ones,
  op,
  ops,
  opsAsync,
  optim,
  randn,
  setCacheLimit,
  setNumThreads,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { native } from '../../../dist/torch/native.js';
import { unsafeReason } from '../../../dist/torch/operators/unsafeOperators.js';
// @ts-expect-error a plain script of set-up
import { parseSchema } from '../../../scripts/setup/parseSchema.mjs';

const symmetric = tensor([
  [2, 1],
  [1, 3],
]);

describe('arguments by name', () => {
  it('are found with capitals too, as they are in the schema', () => {
    const upper = tensor([
      [2, 100],
      [1, 3],
    ]);
    const [lower] = ops.linalg_eigh(upper, { UPLO: 'L' }) as Tensor[];
    expect(lower!.allclose((ops.linalg_eigh(symmetric) as Tensor[])[0]!)).toBe(true);
    const [large] = ops.linalg_eigh(upper, { UPLO: 'U' }) as Tensor[];
    expect(large!.select(0, 1).item()).toBeGreaterThan(100);
    expect(() => ops.linalg_eigh(symmetric, { uplo: 'U' } as never)).toThrow(/no argument 'uplo'/);
    const [factors, pivots] = ops.linalg_lu_factor(symmetric) as Tensor[];
    const solved = ops.lu_solve(ones([2, 1]), { LU_data: factors!, LU_pivots: pivots! } as never) as Tensor;
    expect(symmetric.matmul(solved).allclose(ones([2, 1]))).toBe(true);
  });

  it('of every safe operator reach it: none is unknown under the name that its types give', () => {
    const camelCase = (name: string) => name.replace(/(?<=[a-z0-9])_+([a-z0-9])/g, (_, c: string) => c.toUpperCase());
    const unknown: string[] = [];
    for (const signature of native().operatorNames() as string[]) {
      const name = signature.slice(signature.indexOf('::') + 2);
      if (!signature.startsWith('aten::') || name.startsWith('_') || unsafeReason(signature) !== null) continue;
      const operator = op(signature);
      const { parameters } = parseSchema(operator.schemas[0]!);
      for (const { name: parameter } of parameters) {
        // A symbol of text fits no parameter but str: the error must be about its value, not about its name.
        try {
          operator({ [camelCase(parameter)]: 'no such value' });
        } catch (error) {
          if (/it has no argument/.test((error as Error).message)) unknown.push(`${signature} ${parameter}`);
        }
      }
    }
    expect(unknown).toEqual([]);
  });
});

describe('integers that stand for a choice', () => {
  const [x, y] = [tensor([1, 2, 3]), tensor([2, 2, 5])];

  it('are given by name', () => {
    expect(ops.mse_loss(x, y, 'none').toArray()).toEqual([1, 0, 4]);
    expect(ops.mse_loss(x, y, { reduction: 'sum' }).item()).toBe(5);
    expect(ops.mse_loss(x, y).item()).toBeCloseTo(5 / 3, 6);
    const grid = ops.affine_grid_generator(
      tensor([
        [
          [1, 0, 0.5],
          [0, 1, 0],
        ],
      ]),
      [1, 1, 4, 4],
      false,
    );
    const image = arange(16).view(1, 1, 4, 4);
    const [zeros, border] = [
      ops.grid_sampler(image, grid, 'nearest', 'zeros', false),
      ops.grid_sampler(image, grid, 'nearest', 'border', false),
    ];
    expect(zeros.equal(border)).toBe(false);
    const weight = randn([5, 2]);
    const [sum] = ops.embedding_bag(weight, tensor([1n, 2n]), tensor([0n]), false, 'sum') as Tensor[];
    expect(sum!.view(2).allclose(weight.select(0, 1).add(weight.select(0, 2)))).toBe(true);
  });

  it('refuse other names and numbers, which kernels take for one of them', () => {
    for (const wrong of ['Mean', 'average', '', 3, -1, 0.5, 2 ** 40])
      expect(() => ops.mse_loss(x, y, wrong as 'mean'), String(wrong)).toThrow(/expected 'none', 'mean', 'sum'/);
    expect(ops.mse_loss(x, y, 2 as never).item()).toBe(5);
    expect(() => ops.grid_sampler(ones([1, 1, 2, 2]), ones([1, 1, 1, 2]), 'bilinear', 'wrap' as never, false)).toThrow(
      /expected 'zeros', 'border', 'reflection'/,
    );
  });
});

it('operators with two equal signatures take the one that Python takes', () => {
  const [x, w, b] = [ones([1, 1, 8]), ones([1, 1, 3]), ones([1])];
  expect(ops.conv1d(x, w, b, 2).shape).toEqual([1, 1, 3]);
  expect(
    ops
      .std(
        tensor([
          [1, 2],
          [3, 5],
        ]),
        [1],
      )
      .toArray(),
  ).toEqual([Math.fround(Math.SQRT1_2), Math.fround(Math.SQRT2)]);
});

describe('opsAsync', () => {
  it('gives what ops gives, in the order of the calls, with the mode of the call', async () => {
    const [a, b] = [randn([4, 4]), randn([4, 4], { requiresGrad: true })];
    const product = opsAsync.matmul(a, b);
    let without = product;
    noGrad(() => {
      without = opsAsync.matmul(a, b);
    });
    const sorted = opsAsync.sort(a, -1, true);
    a.dispose();
    expect((await product).requiresGrad).toBe(true);
    expect((await without).requiresGrad).toBe(false);
    const [values, positions] = await sorted;
    expect([values.shape, positions.dtype]).toEqual([[4, 4], 'int64']);
    expectTypeOf(opsAsync.mean(ones([2]))).toEqualTypeOf<Promise<Tensor>>();
  });

  it('rejects with one error, and has no operators that write to an argument', async () => {
    await expect(opsAsync.matmul(ones([2, 3]), ones([2, 3]))).rejects.toMatchObject({ name: 'NoduleTrainError' });
    const gone = ones([1]);
    gone.dispose();
    await expect(opsAsync.neg(gone)).rejects.toMatchObject({ code: 'disposed' });
    await expect(opsAsync.mse_loss(ones([1]), ones([1]), 'max' as 'mean')).rejects.toThrow(/expected 'none'/);
    expect('add_' in opsAsync).toBe(false);
    expect(Object.keys(opsAsync)).toContain('conv2d');
    expect(() => (opsAsync as any).no_such_operator).toThrow(/no_such_operator/);
    expect(inspect(opsAsync)).toMatch(/opsAsync: \d+ operators/);
  });
});

describe('memory and threads', () => {
  it('the cache of freed blocks is counted, emptied and limited', () => {
    setCacheLimit(768 * 2 ** 20);
    zeros([2 ** 20]).dispose();
    expect(memory().cached).toBeGreaterThanOrEqual(2 ** 22);
    setCacheLimit(0);
    expect(memory().cached).toBe(0);
    zeros([2 ** 20]).dispose();
    expect(memory().cached).toBe(0);
    setCacheLimit(768 * 2 ** 20);
    zeros([2 ** 20]).dispose();
    emptyCache();
    expect(memory().cached).toBe(0);
    for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1' as never])
      expect(() => setCacheLimit(wrong)).toThrow(/setCacheLimit: the limit is/);
  });

  it('threads are bounded', () => {
    for (const wrong of [1000, 0, -1, 1.5, Number.NaN])
      expect(() => setNumThreads(wrong)).toThrow(/setNumThreads: the/);
  });

  it('an optimizer prints its settings and parameters', () => {
    const text = inspect(optim.sgd(nn.linear(3, 2).parameters(), { lr: 0.1, momentum: 0.9 }));
    expect(text).toMatch(/^sgd \(\n {4}lr: 0\.1\n[\s\S]*momentum: 0\.9[\s\S]*parameters: 2, 8 elements\n\)$/);
  });
});
