import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { fromData, nn, ones, op, ops, rand, type Tensor, tensor, zeros } from '../../../dist/torch/index.js';
import { lazyAsyncOp } from '../../../dist/torch/operators/operators.js';

// Each of these calls read or wrote foreign memory, stopped the process or never returned.

const int = (values: readonly number[], shape = [values.length]): Tensor =>
  fromData(BigInt64Array.from(values, BigInt), shape);
const int32 = (values: readonly number[]): Tensor => tensor([...values], { dtype: 'int32' });
const withGrad = (made: Tensor): Tensor => {
  made.requiresGrad = true;
  return made;
};
const FAR = 2 ** 40;
const LEAST = -(2n ** 63n);
const call = (name: string, ...args: Parameters<ReturnType<typeof op>>): unknown =>
  op(`aten::${name}`, { unsafe: true })(...args);

const norm = (c: number): [Tensor, Tensor, Tensor, Tensor] => [ones([c]), zeros([c]), zeros([c]), ones([c])];
const lstm = (count: number): Tensor[] => [zeros([12, 4]), zeros([12, 3]), zeros([12]), zeros([12])].slice(0, count);

const refused: Record<string, [fn: () => unknown, message: RegExp | string][]> = {
  'gradients of pooling with indices out of range': [
    [
      () =>
        call(
          'max_pool2d_with_indices_backward',
          ones([1, 1, 1, 1]),
          rand([1, 1, 2, 2]),
          2,
          2,
          0,
          1,
          false,
          int([4], [1, 1, 1, 1]),
        ),
      "'indices' contains 4, expected values from 0 to 3",
    ],
    [
      () => call('adaptive_max_pool2d_backward', ones([1, 1, 1]), rand([1, 2, 2]), int([-1], [1, 1, 1])),
      "'indices' contains -1",
    ],
    [
      () => call('adaptive_max_pool3d_backward', ones([1, 1, 1, 1]), rand([1, 2, 2, 2]), int([FAR], [1, 1, 1, 1])),
      "'indices' contains 1099511627776",
    ],
    [
      () => call('fractional_max_pool2d_backward', ones([1, 1, 1]), rand([1, 3, 3]), 2, 1, int([FAR], [1, 1, 1])),
      "'indices' contains 1099511627776",
    ],
    [
      () =>
        call(
          'max_pool3d_with_indices_backward',
          ones([1, 1, 1, 1]),
          rand([1, 2, 2, 2]),
          2,
          2,
          0,
          1,
          false,
          int([8], [1, 1, 1, 1]),
        ),
      "'indices' contains 8",
    ],
    [() => ops.max_unpool2d(ones([1, 1, 1]), int([FAR], [1, 1, 1]), [2, 2]), /invalid max index/],
    [() => ops.fractional_max_pool2d(rand([1, 4, 4]), 2, 2, tensor([[[Number.NaN, 0]]])), "'random_samples' contains"],
  ],
  'targets of losses out of range': [
    [() => ops.ctc_loss(rand([5, 1, 3]), int([1, 3], [1, 2]), [5], [2]), "'targets' contains the label 3"],
    [() => ops.ctc_loss(rand([5, 1, 3]), int([1, -1]), int([5]), int([2])), "'targets' contains the label -1"],
    [() => ops.ctc_loss(rand([5, 1, 3]), int([1, 1]), [6], [2]), /'input_lengths' contains 6/],
    [() => ops.ctc_loss(rand([5, 1, 3]), int([1, 1]), [5], [-1]), /'target_lengths' contains -1/],
    [() => ops.ctc_loss(rand([5, 1, 3]), int([1, 1]), [5], [3]), /'target_lengths' contains 3/],
    [() => ops.ctc_loss(rand([5, 2, 3]), int([1, 1]), [5, 5], [2, 2]), /add up to more than/],
    [() => ops.ctc_loss(rand([5, 1, 3]), int([1, 1]), [5], [2], 7), "'blank' is 7"],
    [() => call('nll_loss_backward', ones([]), rand([2, 3]), int([0, 9]), null, 1, -100, ones([])), 'the class 9'],
    [
      () => call('nll_loss2d_backward', ones([]), rand([1, 3, 1, 1]), int([-5], [1, 1, 1]), null, 1, -100, ones([])),
      'the class -5',
    ],
    [() => ops.nll_loss(rand([2, 3]), int([0, 9])), /out of bounds/],
    [() => call('multi_margin_loss_backward', ones([]), rand([2, 3]), int([0, FAR]), 1, 1), "'target' contains"],
  ],
  'statistics and weights of other lengths': [
    [() => ops.native_batch_norm(rand([2, 3, 4]), ...norm(1), true, 0.1, 1e-5), "'weight' has 1 elements, expected 3"],
    [() => ops.native_batch_norm(rand([2, 3, 4]), null, null, null, null, false, 0.1, 1e-5), "'running_mean' is null"],
    [() => ops.batch_norm_update_stats(rand([2, 3, 4]), ones([1]), ones([3]), 0.1), "'running_mean' has 1 elements"],
    [
      () =>
        call(
          'native_batch_norm_backward',
          rand([2, 3, 4]),
          rand([2, 3, 4]),
          null,
          null,
          null,
          ones([2]),
          ones([3]),
          true,
          1e-5,
          [true, true, true],
        ),
      "'save_mean' has 2 elements",
    ],
    [
      () =>
        call(
          'native_batch_norm_backward',
          rand([2, 3]),
          rand([2, 3, 4]),
          null,
          null,
          null,
          ones([3]),
          ones([3]),
          true,
          1e-5,
          [true, true, true],
        ),
      "'grad_out' has shape [2, 3], expected [2, 3, 4]",
    ],
    [() => ops.native_group_norm(rand([2, 4, 3]), ones([1]), null, 2, 4, 3, 2, 1e-5), "'weight' has 1 elements"],
  ],
  'recurrent layers whose parts do not fit': [
    [
      () => ops.lstm(rand([5, 2, 4]), [zeros([1, 2, 3]), zeros([1, 2, 3])], lstm(3), true, 1, 0, false, false, false),
      "'params' has 3 tensors",
    ],
    [
      () => ops.lstm(rand([5, 2, 9]), [zeros([1, 2, 3]), zeros([1, 2, 3])], lstm(4), true, 1, 0, false, false, false),
      "'params' 0 has shape",
    ],
    [
      () => ops.lstm(rand([5, 2, 4]), [zeros([1, 1, 3]), zeros([1, 1, 3])], lstm(4), true, 1, 0, false, false, false),
      "'hx' 0 has shape",
    ],
    [
      () =>
        ops.lstm(rand([5, 4]), int([2, FAR]), [zeros([1, 2, 3]), zeros([1, 2, 3])], lstm(4), true, 1, 0, false, false),
      "'batch_sizes' contains 1099511627776",
    ],
  ],
  'indices, lengths and offsets': [
    [() => ops.embedding_dense_backward(ones([1, 2]), int([7]), 3, -1, false), "'indices' contains 7"],
    [() => ops.embedding_backward(ones([1, 2]), int([-7]), 3, -1, false, false), "'indices' contains -7"],
    [() => ops.embedding_dense_backward(ones([1, 2]), int([0]), -3, -1, false), "'num_weights' is -3"],
    [() => ops.embedding_bag(ones([3, 2]), int([0, 1, 9]), int([0, 2])), "'indices' contains 9"],
    [() => ops.embedding_bag(ones([3, 2]), int([0, 1, 2]), int([0, 3, 1])), "'offsets' contains 1 after 3"],
    [() => ops.embedding_bag(ones([3, 2]), int([0, 1, 2]), int([]), false, 2), "'offsets' is empty"],
    [() => ops.segment_reduce(rand([4]), 'sum', { lengths: int([2, FAR]), unsafe: true }), "'lengths' contains"],
    [() => ops.segment_reduce(rand([4]), 'sum', { offsets: int([0, FAR]), unsafe: true }), "'offsets' contains"],
    [() => ops.repeat_interleave(int([2, 3]), { outputSize: 1 }), "'output_size' is 1, expected 5"],
    [() => ops.repeat_interleave(int([2 ** 50, 3])), "'repeats' contains"],
    [() => ops.gather(rand([3]), 0, int([FAR])), /out of bounds/],
    [() => ops.index_select(rand([3]), 0, int([-1])), /out of range/],
  ],
  'pivots out of range': [
    [() => ops.linalg_ldl_solve(rand([2, 2]), int32([1, 9]), rand([2, 1])), "'pivots' contains 9"],
    [() => ops.linalg_ldl_solve(rand([2, 2]), int32([-1, 1]), rand([2, 1])), "'pivots' contains -1"],
    [() => ops.linalg_lu_solve(rand([2, 2]), int32([0, 1]), rand([2, 1])), "'pivots' contains 0"],
    [() => ops.lu_unpack(rand([2, 2]), int32([1, 9])), "'LU_pivots' contains 9"],
    [() => ops.lu_unpack(rand([2, 2]), int32([])), "'LU_pivots' has shape [0], expected [2]"],
  ],
  'matrices with values that LAPACK cannot balance': [
    [
      () =>
        ops.linalg_eigvals(
          tensor([
            [1, Number.NaN],
            [0, 1],
          ]),
        ),
      'contains NaN or an infinity',
    ],
  ],
  'integers whose quotient does not fit': [
    ...(['trunc', 'floor'] as const).map((roundingMode): [() => unknown, string] => [
      () => ops.div(tensor([LEAST]), tensor([-1n]), { roundingMode }),
      'divided by -1, which has no result in Long',
    ]),
    [() => ops.fmod(tensor([LEAST]), -1), 'divided by -1'],
    [() => ops.remainder(int32([-(2 ** 31)]), int32([-1])), 'divided by -1, which has no result in Int'],
    [() => ops.floor_divide(tensor([1n, LEAST]), tensor([[1n], [-1n]])), 'divided by -1'],
    [() => ops.lcm(tensor([LEAST]), tensor([3n])), 'whose least common multiples'],
    [() => op('aten::div_.Tensor_mode')(tensor([LEAST]), tensor([-1n]), { roundingMode: 'trunc' }), 'divided by -1'],
  ],
  'gradients of another shape': [
    [
      () =>
        ops
          .pdist(withGrad(zeros([0, 4])), 2)
          .sum()
          .backward(),
      "'self' has no rows",
    ],
    [
      () =>
        call(
          'convolution_backward',
          rand([9, 3, 3, 3]),
          rand([1, 2, 5, 5]),
          rand([3, 2, 3, 3]),
          [3],
          [1, 1],
          [0, 0],
          [1, 1],
          false,
          [0, 0],
          1,
          [true, true, true],
        ),
      "'grad_output' has shape [9, 3, 3, 3], expected [1, 3, 3, 3]",
    ],
    [
      () => call('avg_pool2d_backward', rand([3, 2, 2, 2]), rand([1, 2, 4, 4]), 2, 2, 0, false, true, null),
      "'grad_output' has shape",
    ],
    [
      () => call('reflection_pad2d_backward', rand([1, 5, 5]), rand([2, 3, 3]), [1, 1, 1, 1]),
      "'grad_output' has shape",
    ],
    [
      () =>
        call('native_layer_norm_backward', rand([2, 3]), rand([2, 3]), [3], rand([2, 1]), rand([1, 1]), null, null, [
          true,
          true,
          true,
        ]),
      "'rstd' has 1 elements, expected 2",
    ],
    [
      () => call('slow_conv_transpose3d', rand([1, 2, 4, 4, 4]), rand([2, 3, 3, 3, 2]), [3, 3, 3]),
      "'kernel_size' is [3, 3, 3]",
    ],
    [() => ops.col2im(rand([1, 18, 9]), [5, 5], [3, 3], [1, 1], [0, 2 ** 31], [1, 1]), "'padding' contains 2147483648"],
  ],
  'calls that never return': [
    [() => ops.binomial(tensor([Number.NaN]), tensor([0.5])), "'count' contains"],
    [() => ops.binomial(tensor([5]), tensor([Number.NaN])), "'prob' contains"],
    [() => ops.special_laguerre_polynomial_l(tensor([0.5]), tensor([1e15])), "'n' contains a degree above 1000000"],
    [() => ops.special_legendre_polynomial_p(tensor([0.5]), 2 ** 50), "'n' contains a degree above 1000000"],
  ],
  'sizes and scales': [
    [() => ops.arange(-(2n ** 63n), 2n ** 63n - 1n, -1n), 'expected a number from -2^62 to 2^62'],
    [
      () =>
        call('grid_sampler_2d_backward', ones([1, 1, 9, 9]), rand([1, 1, 2, 2]), zeros([1, 2, 2, 2]), 0, 0, false, [
          true,
          true,
        ]),
      "'grad_output' has shape [1, 1, 9, 9], expected [1, 1, 2, 2]",
    ],
    [() => ops.upsample_nearest1d(rand([1, 1, 4]), [7], 1e-30), "'scales' is 1e-30"],
    [() => ops.upsample_nearest2d(rand([1, 1, 4, 4]), [7, 7], Number.NaN), "'scales_h' is nan"],
  ],
};

describe.each(Object.keys(refused))('%s', (group) => {
  it.each(refused[group]!.map(([fn, message], i) => ({ i, fn, message })))(
    'are refused, $i: $message',
    ({ fn, message }) => {
      expect(fn).toThrow(message as string);
    },
  );
});

describe('gradients of every form of convolution', () => {
  it.each([
    [
      'strides that leave a rest',
      () => ops.conv2d(withGrad(rand([2, 4, 8, 7])), withGrad(rand([6, 2, 3, 2])), null, [2, 3], [1, 0], [2, 1], 2),
    ],
    ['one axis', () => ops.conv1d(withGrad(rand([2, 3, 9])), withGrad(rand([4, 3, 2])), withGrad(rand([4])), [2], [0])],
    ['three axes', () => ops.conv3d(withGrad(rand([1, 2, 5, 5, 5])), withGrad(rand([3, 2, 3, 3, 3])))],
    [
      'transposed',
      () =>
        ops.conv_transpose2d(
          withGrad(rand([1, 4, 4, 5])),
          withGrad(rand([4, 3, 3, 2])),
          null,
          [2, 3],
          [1, 0],
          [1, 1],
          2,
          [2, 1],
        ),
    ],
    ['windows of unfold', () => ops.unfold(withGrad(rand([3, 8])), -1, 3, 2)],
    ['windows of a number', () => ops.unfold(withGrad(tensor(3)), 0, 1, 1)],
    ['no batch', () => ops.conv2d(withGrad(rand([2, 5, 5])), withGrad(rand([3, 2, 3, 3])))],
    ['same padding', () => ops.conv2d(withGrad(rand([1, 2, 5, 5])), withGrad(rand([3, 2, 2, 2])), null, 1, 'same')],
  ] as const)('pass: %s', (_, fn) => {
    expect(() => fn().sum().backward()).not.toThrow();
  });
});

describe('what a caller writes between a call and its gradient', () => {
  it.each([
    [
      'max_pool2d_with_indices',
      () => ops.max_pool2d_with_indices(withGrad(rand([1, 1, 4, 4])), 2),
      /'indices' contains/,
    ],
    ['adaptive_max_pool2d', () => ops.adaptive_max_pool2d(withGrad(rand([1, 1, 4, 4])), 2), /'indices' contains/],
    [
      'fractional_max_pool2d',
      () => ops.fractional_max_pool2d(withGrad(rand([1, 1, 4, 4])), 2, 2, rand([1, 1, 2])),
      /'indices' contains/,
    ],
  ] as const)('is checked: %s', (_, fn, message) => {
    const [output, indices] = fn();
    (indices.data() as BigInt64Array)[0] = 2n ** 40n;
    expect(() => output.sum().backward()).toThrow(message);
  });

  it('is checked: the targets of ctc_loss and nll_loss', () => {
    const labels = int([1, 2]);
    const loss = ops.ctc_loss(withGrad(rand([5, 1, 3])), labels, [5], [2]);
    (labels.data() as BigInt64Array)[1] = 2n ** 40n;
    expect(() => loss.backward()).toThrow('the label 1099511627776');
    const target = int([0, 1]);
    const other = ops.nll_loss(withGrad(rand([2, 3])), target);
    (target.data() as BigInt64Array)[1] = 2n ** 40n;
    expect(() => other.backward()).toThrow('the class 1099511627776');
  });

  it('is checked: what embedding_bag returned', () => {
    const [bags, places] = ops.embedding_bag(withGrad(rand([3, 2])), int([0, 1, 2]), int([0, 2]), false, 1);
    (places.data() as BigInt64Array)[0] = 2n ** 40n;
    expect(() => bags.sum().backward()).toThrow("'offset2bag' contains");
  });
});

describe('every thread', () => {
  it('checks: a worker and the queue of asynchronous calls', async () => {
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData).then(({ ops, zeros, tensor }) => {
        try {
          ops.binomial(tensor([Number.NaN]), tensor([0.5]));
        } catch (error) {
          parentPort.postMessage(error.message);
        }
      });`;
    const url = new URL('../../../dist/torch/index.js', import.meta.url).href;
    const worker = new Worker(code, { eval: true, workerData: url });
    const [message] = await once(worker, 'message');
    expect(message).toContain("'count' contains a value");
    await worker.terminate();
    const binomial = lazyAsyncOp('aten::binomial');
    await expect(binomial(tensor([Number.NaN]), tensor([0.5]))).rejects.toThrow("'count' contains a value");
  });
});

describe('the indices of a sparse tensor', () => {
  it('must be in its shape', () => {
    expect(() => ops.sparse_coo_tensor(int([7], [1, 1]), ones([1]), [3])).toThrow(/index 7/);
    expect(() => ops.sparse_coo_tensor(int([-1], [1, 1]), ones([1]), [3])).toThrow(/negative/);
    expect(() => ops.sparse_csr_tensor(int([0, 9]), int([0]), ones([1]), [1, 3], {})).toThrow();
  });

  it('are copies, so that nobody can change them later', () => {
    const indices = int([0, 2], [1, 2]);
    const made = ops.coalesce(ops.sparse_coo_tensor(indices, ones([2]), [3]));
    indices.fill_(100);
    ops.indices(made).fill_(100);
    expect(ops.to_dense(made).toArray()).toEqual([1, 0, 1]);
    const rows = int([0, 1]);
    const compressed = ops.sparse_csr_tensor(rows, int([2]), ones([1]), [1, 3], {});
    rows.fill_(100);
    ops.crow_indices(compressed).fill_(100);
    ops.col_indices(compressed).fill_(100);
    expect(ops.to_dense(compressed).toArray()).toEqual([[0, 0, 1]]);
  });
});

describe('good arguments', () => {
  it('pass', () => {
    expect(ops.remainder(tensor([-7n, LEAST]), 2n).toArray()).toEqual([1, 0]);
    expect(ops.div(int([7, -7]), -1, { roundingMode: 'floor' }).toArray()).toEqual([-7, 7]);
    expect(ops.lcm(int([4]), int([6])).item()).toBe(12);
    expect(ops.median(tensor([[3, 1, 2]]), 1)[0].toArray()).toEqual([2]);
    expect(ops.arange(3).toArray()).toEqual([0, 1, 2]);
    // The padding of targets is not looked at, as in PyTorch.
    const padded = ops.ctc_loss(ops.log_softmax(ones([5, 2, 3]), 2), int([1, 2, 1, -1], [2, 2]), [5, 5], [2, 1]);
    expect(Number.isFinite(padded.item())).toBe(true);
    expect(ops.ctc_loss(rand([5, 1, 3]), int([]), [5], [0]).shape).toEqual([]);
    const unused = ops.nll_loss(withGrad(rand([2, 3])), int([0, -100]));
    unused.backward();
    expect(ops.segment_reduce(tensor([1, 2, 3]), 'sum', { lengths: int([2, 1]) }).toArray()).toEqual([3, 3]);
    expect(ops.repeat_interleave(int([2, 0, 1]), { outputSize: 3 }).toArray()).toEqual([0, 0, 2]);
    const { A, B } = {
      A: tensor([
        [4, 1],
        [1, 3],
      ]),
      B: tensor([[1], [2]]),
    };
    const [LD, pivots] = ops.linalg_ldl_factor(A);
    const solved = (ops.linalg_ldl_solve(LD, pivots, B).toArray() as number[][]).flat();
    expect(solved[0]).toBeCloseTo(1 / 11);
    expect(solved[1]).toBeCloseTo(7 / 11);
    const output = ops.lstm(
      rand([5, 2, 4]),
      [zeros([1, 2, 3]), zeros([1, 2, 3])],
      lstm(4),
      true,
      1,
      0,
      false,
      false,
      false,
    );
    expect(output[0].shape).toEqual([5, 2, 3]);
    const layer = nn.batchNorm2d(3);
    expect(layer.forward(rand([2, 3, 4, 4])).shape).toEqual([2, 3, 4, 4]);
    expect(ops.upsample_nearest1d(fromData(new Float32Array([1, 2]), [1, 1, 2]), [4], 2).toArray()).toEqual([
      [[1, 1, 2, 2]],
    ]);
  });
});
