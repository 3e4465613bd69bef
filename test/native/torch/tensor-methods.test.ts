import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type DType, manualSeed, op, setNumThreads, Tensor, tensor } from '../../../dist/torch/index.js';
import { methodNames } from '../../../dist/torch/tensor/methodNames.js';
import { inRoot } from '../../support/paths.js';
import { pythonInterpreter } from '../../support/python.js';

const python = pythonInterpreter();

type Value = number | boolean | string | null | { t: string | string[] } | (number | string)[];
type Call = [tensor: string, args?: Value[], named?: Record<string, Value>];

const grid = (rows: number, columns: number, value: (n: number) => number): number[][] =>
  Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => value(r * columns + c)));
const cube = (depth: number, rows: number, columns: number) =>
  Array.from({ length: depth }, (_, d) => grid(rows, columns, (n) => Math.sin(d * 7 + n)));

const tensors: Record<string, { dtype: DType; values: unknown }> = {
  x: { dtype: 'float32', values: grid(3, 4, (n) => Math.fround(Math.sin(n * 1.7) * 2.5)) },
  y: { dtype: 'float32', values: grid(3, 4, (n) => Math.fround(Math.cos(n * 0.9) + 0.1)) },
  p: { dtype: 'float32', values: grid(3, 4, (n) => (n + 1) / 16) },
  ints: { dtype: 'int64', values: grid(3, 4, (n) => ((n * 5) % 7) + 1) },
  more: { dtype: 'int64', values: grid(3, 4, (n) => ((n * 3) % 5) + 1) },
  places: { dtype: 'int64', values: grid(3, 4, (n) => (n * 2) % 3) },
  flat: { dtype: 'int64', values: [0, 2, 1] },
  mask: { dtype: 'bool', values: grid(3, 4, (n) => n % 3).map((row) => row.map((v) => v === 0)) },
  other: { dtype: 'bool', values: grid(3, 4, (n) => n % 2).map((row) => row.map((v) => v === 0)) },
  square: {
    dtype: 'float64',
    values: [
      [4, 1, 0.5],
      [1, 3, 0.2],
      [0.5, 0.2, 2],
    ],
  },
  row: { dtype: 'float32', values: [0.5, -1, 2, 3] },
  column: { dtype: 'float32', values: [1, -2, 0.25] },
  three: { dtype: 'float32', values: grid(4, 3, (n) => Math.cos(n)) },
  one: { dtype: 'float32', values: [[2.5]] },
  batch: { dtype: 'float32', values: cube(2, 3, 4) },
  tall: { dtype: 'float32', values: cube(2, 4, 3) },
  wide: { dtype: 'float32', values: cube(2, 3, 3) },
  source: { dtype: 'float32', values: grid(3, 4, (n) => n + 0.5) },
  step: { dtype: 'float32', values: [1] },
};

const t = (name: string | string[]): Value => ({ t: name });

/** Calls of the methods that take more than the tensor; every other method is called without arguments on `x`. */
const calls: Record<string, Call[]> = {
  ...Object.fromEntries(
    ['add', 'sub', 'mul', 'div', 'pow', 'eq', 'ne', 'lt', 'le', 'gt', 'ge'].map((name): [string, Call[]] => [
      name,
      [
        ['p', [t('source')]],
        ['p', [0.25]],
        ['ints', [2]],
      ],
    ]),
  ),
  ...Object.fromEntries(
    ['add_', 'sub_', 'mul_', 'div_', 'copy_'].map((name): [string, Call[]] => [name, [['x', [t('row')]]]]),
  ),
  fill_: [['x', [2.5]]],
  matmul: [
    ['x', [t('three')]],
    ['x', [t('row')]],
  ],
  mm: [['x', [t('three')]]],
  clamp: [
    ['x', [-1, 1]],
    ['x', [], { min: 0 }],
    ['x', [null, 0.5]],
  ],
  argmax: [['x'], ['x', [1]], ['x', [0], { keepdim: true }]],
  flatten: [['batch'], ['batch', [1]], ['batch', [0, 1]]],
  squeeze: [['one'], ['one', [0]]],
  unsqueeze: [
    ['x', [0]],
    ['x', [-1]],
  ],
  transpose: [['batch', [0, -1]]],
  select: [['batch', [1, -1]]],
  narrow: [['x', [1, 1, 2]]],
  sum: [['x'], ['x', [1]], ['x', [[0, 1], true]], ['x', [-1], { keepdim: true }], ['ints', [], { dtype: 'float64' }]],
  mean: [['x'], ['x', [1]], ['batch', [[0, 2], true]], ['x', [-1], { keepdim: true }]],
  ...Object.fromEntries(
    (
      'atan2 copysign floor_divide fmax fmin fmod heaviside hypot isclose logaddexp logaddexp2 maximum minimum ' +
      'nextafter remainder true_divide xlogy float_power'
    )
      .split(' ')
      .map((name): [string, Call[]] => [name, [['x', [t('y')]]]]),
  ),
  ...Object.fromEntries(
    ['logical_and', 'logical_or', 'logical_xor', 'bitwise_and', 'bitwise_or', 'bitwise_xor'].map(
      (name): [string, Call[]] => [name, [['mask', [t('other')]]]],
    ),
  ),
  ...Object.fromEntries(
    ['bitwise_left_shift', 'bitwise_right_shift', 'gcd', 'lcm'].map((name): [string, Call[]] => [
      name,
      [['ints', [t('more')]]],
    ]),
  ),
  ...Object.fromEntries(
    ['acos', 'asin', 'atanh', 'erfinv', 'log10', 'log1p', 'log2', 'logit', 'rsqrt', 'lgamma', 'digamma'].map(
      (name): [string, Call[]] => [name, [['p']]],
    ),
  ),
  acosh: [['source', [], {}]],
  bitwise_not: [['ints'], ['mask']],
  clamp_max: [
    ['x', [0.5]],
    ['x', [t('y')]],
  ],
  clamp_min: [['x', [0.5]]],
  clip: [
    ['x', [-1, 1]],
    ['x', [], { max: 0 }],
  ],
  ldexp: [['x', [t('ints')]]],
  lerp: [
    ['x', [t('y'), 0.25]],
    ['x', [t('y'), t('p')]],
  ],
  log_softmax: [
    ['x', [-1]],
    ['x', [0], { dtype: 'float64' }],
  ],
  softmax: [
    ['x', [-1]],
    ['x', [0]],
  ],
  mvlgamma: [['source', [1]]],
  nan_to_num: [['x', [0, 1, 2]]],
  polygamma: [['p', [1]]],
  round: [['x'], ['x', [], { decimals: 2 }]],
  addcdiv: [['x', [t('y'), t('p')], { value: 0.5 }]],
  addcmul: [['x', [t('y'), t('p')], { value: 0.5 }]],
  all: [['mask'], ['mask', [1]], ['mask', [1, true]]],
  any: [['mask'], ['mask', [1]]],
  amax: [['x'], ['x', [[1]], { keepdim: true }]],
  amin: [['x'], ['x', [[0]]]],
  aminmax: [['x'], ['x', [], { dim: 1 }]],
  argmin: [['x'], ['x', [1, true]]],
  argsort: [['x'], ['x', [0, true]]],
  bincount: [['flat', [], { minlength: 5 }]],
  corrcoef: [['x']],
  count_nonzero: [['ints'], ['mask', [1]]],
  cov: [['x']],
  cummax: [['x', [1]]],
  cummin: [['x', [1]]],
  cumprod: [['x', [1]]],
  cumsum: [
    ['x', [0]],
    ['ints', [1]],
  ],
  diff: [['x'], ['x', [2]]],
  histc: [['x', [4, -2, 2]]],
  kthvalue: [
    ['x', [2]],
    ['x', [2, 0, true]],
  ],
  logcumsumexp: [['x', [1]]],
  logsumexp: [
    ['x', [1]],
    ['x', [[0, 1], true]],
  ],
  median: [['x'], ['x', [1]]],
  mode: [['ints', [1]]],
  nanquantile: [['x', [0.3]]],
  quantile: [
    ['x', [0.3]],
    ['x', [0.5, 1]],
    ['x', [t('column_q')]],
  ],
  norm: [['x'], ['x', [1]], ['x', [2, 1]], ['x', [2, [0, 1], true]]],
  prod: [['p'], ['p', [1]]],
  renorm: [['x', [2, 0, 1]]],
  sort: [['x'], ['x', [0, true]], ['ints', [], { dim: 0, stable: true }]],
  std: [['x'], ['x', [1]], ['x', [[0, 1]], { correction: 0, keepdim: true }]],
  var: [['x'], ['x', [1]], ['x', [], { correction: 2 }]],
  topk: [
    ['x', [2]],
    ['x', [2, 0]],
    ['x', [1], { largest: false }],
  ],
  trace: [['square']],
  chunk: [
    ['x', [2, 1]],
    ['x', [2]],
  ],
  diag: [['row'], ['square', [1]]],
  diag_embed: [['x']],
  diagonal: [
    ['batch', [1, 0, 2]],
    ['x', [-1]],
  ],
  expand_as: [['row', [t('x')]]],
  flip: [
    ['x', [0, 1]],
    ['x', [[1]]],
  ],
  hsplit: [['x', [2]]],
  vsplit: [['x', [[1, 2]]]],
  moveaxis: [['batch', [0, 2]]],
  movedim: [
    [
      'batch',
      [
        [0, 1],
        [1, 2],
      ],
    ],
  ] as unknown as Call[],
  repeat: [
    ['row', [2, 3]],
    ['row', [[2, 2, 1]]],
  ],
  repeat_interleave: [
    ['x', [2]],
    ['x', [t('flat'), 0]],
    ['x', [2], { dim: 1 }],
  ],
  reshape_as: [['x', [t('three')]]],
  roll: [
    ['x', [1, 1]],
    [
      'x',
      [
        [1, 2],
        [0, 1],
      ],
    ],
  ] as unknown as Call[],
  rot90: [['x'], ['x', [1, [1, 0]]]],
  split: [
    ['x', [2]],
    ['x', [[1, 3], 1]],
  ],
  split_with_sizes: [['x', [[1, 2]]]],
  swapaxes: [['batch', [0, 2]]],
  swapdims: [['batch', [0, 1]]],
  tensor_split: [
    ['x', [3, 1]],
    ['x', [[1, 2], 1]],
  ],
  tile: [
    ['row', [2, 2]],
    ['x', [[2]]],
  ],
  tril: [['x'], ['x', [-1]]],
  triu: [['x', [1]]],
  unflatten: [
    ['x', [1, [2, 2]]],
    ['x', [-1, [2, -1]]],
  ],
  unfold: [['x', [1, 2, 2]]],
  unbind: [['x'], ['x', [1]]],
  view_as: [['x', [t('three')]]],
  gather: [['x', [0, t('places')]]],
  index_add: [['x', [0, t('flat'), t('source')], { alpha: 2 }]],
  index_copy: [['x', [0, t('flat'), t('source')]]],
  index_fill: [['x', [0, t('flat'), 7]]],
  index_put: [
    ['x', [t(['flat', 'flat']), t('column')]],
    ['x', [t(['flat']), t('row'), true]],
  ],
  index_select: [['x', [0, t('flat')]]],
  masked_fill: [
    ['x', [t('mask'), -1]],
    ['x', [t('mask'), Number.POSITIVE_INFINITY]],
  ],
  masked_scatter: [['x', [t('mask'), t('source')]]],
  masked_select: [['x', [t('mask')]]],
  put: [['x', [t('flat'), t('column')]]],
  scatter: [
    ['x', [0, t('places'), t('source')]],
    ['x', [0, t('places'), 3]],
  ],
  scatter_add: [['x', [0, t('places'), t('source')]]],
  scatter_reduce: [['x', [0, t('places'), t('source'), 'amax']]],
  take: [['x', [t('flat')]]],
  take_along_dim: [['x', [t('places'), 0]]],
  where: [
    ['x', [t('mask'), t('y')]],
    ['x', [t('mask'), 0]],
  ],
  addbmm: [['wide2', [t('batch'), t('tall')]]],
  addmm: [['wide2', [t('x'), t('three')], { beta: 0.5, alpha: 2 }]],
  addmv: [['column', [t('x'), t('row')]]],
  addr: [['x', [t('column'), t('row')]]],
  baddbmm: [['wide', [t('batch'), t('tall')]]],
  bmm: [['batch', [t('tall')]]],
  cholesky: [['square']],
  cross: [
    ['wide2', [t('square32')]],
    ['wide2', [t('square32'), 0]],
  ],
  det: [['square']],
  dot: [['row', [t('row')]]],
  ger: [['row', [t('column')]]],
  inner: [['x', [t('row')]]],
  inverse: [['square']],
  kron: [['row', [t('column')]]],
  logdet: [['square']],
  matrix_exp: [['square']],
  matrix_power: [['square', [3]]],
  mv: [['x', [t('row')]]],
  outer: [['row', [t('column')]]],
  pinverse: [['square']],
  slogdet: [['square']],
  vdot: [['row', [t('row')]]],
  new_empty: [['x', [[0, 2]]]],
  new_full: [['x', [[2, 2], 3]]],
  new_ones: [['ints', [[2]]]],
  new_zeros: [['mask', [[2, 1]]]],
  type_as: [['x', [t('ints')]]],
  is_same_size: [
    ['x', [t('y')]],
    ['x', [t('row')]],
  ],
  is_nonzero: [['one']],
  is_floating_point: [['x'], ['ints']],
  bernoulli: [['p']],
  multinomial: [
    ['p', [2]],
    ['p', [6, true]],
  ],
  bernoulli_: [['x', [0.25]]],
  cauchy_: [['x', [0, 1]]],
  exponential_: [['x', [2]]],
  geometric_: [['x', [0.3]]],
  log_normal_: [['x', [0, 0.5]]],
  normal_: [['x', [1, 2]], ['x']],
  random_: [
    ['ints', [10]],
    ['ints', [-3, 4]],
  ],
  uniform_: [['x', [-1, 1]]],
  clamp_: [['x', [-1, 1]]],
  eq_: [['x', [t('y')]]],
  ne_: [['x', [t('y')]]],
  ge_: [['x', [0]]],
  gt_: [['x', [0]]],
  le_: [['x', [0]]],
  lt_: [['x', [0]]],
  pow_: [['p', [2]]],
  float_power_: [['square', [2]]],
  rsub: [
    ['x', [1]],
    ['x', [t('y')]],
  ],
  fill_diagonal_: [['x', [9]]],
  squeeze_: [['one'], ['one', [0]]],
  swapaxes_: [['x', [0, 1]]],
  swapdims_: [['x', [0, 1]]],
  transpose_: [['x', [0, 1]]],
  unsqueeze_: [['x', [1]]],
};

tensors.column_q = { dtype: 'float32', values: [0.1, 0.5] };
tensors.wide2 = { dtype: 'float32', values: grid(3, 3, (n) => n / 4) };
tensors.square32 = { dtype: 'float32', values: grid(3, 3, (n) => Math.fround(Math.cos(n * n))) };

const callsOf = (name: string): Call[] => {
  const own = calls[name] ?? calls[name.replace(/_$/, '')];
  return own !== undefined && own.length > 0 ? own : [['x']];
};

const camelCase = (name: string) =>
  name.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

interface PlainTensor {
  shape: number[];
  dtype: string;
  values: number[];
}

const toReal = op('aten::view_as_real');
const plain = (value: unknown): unknown => {
  if (value instanceof Tensor) {
    if (value.dtype.startsWith('complex')) return plain(toReal(value));
    const flat = [value.to('float64').flatten().toArray()].flat() as number[];
    return { shape: [...value.shape], dtype: value.dtype, values: flat } satisfies PlainTensor;
  }
  return Array.isArray(value) ? value.map(plain) : value;
};

const close = (found: unknown, expected: unknown, what: string): void => {
  if (Array.isArray(expected)) {
    expect(found, what).toHaveLength(expected.length);
    for (const [i, one] of expected.entries()) close((found as unknown[])[i], one, `${what}[${i}]`);
  } else if (typeof expected === 'object' && expected !== null && 'values' in expected) {
    const { values, ...rest } = expected as PlainTensor;
    const { values: own, ...ownRest } = found as PlainTensor;
    expect(ownRest, what).toEqual(rest);
    for (const [i, value] of values.entries()) {
      // Python writes NaN and Infinity as words, which this reader takes as strings.
      const wanted = Number(value);
      if (Number.isFinite(wanted))
        expect(Math.abs(own[i]! - wanted), `${what} at ${i}`).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(wanted)));
      else expect(own[i], `${what} at ${i}`).toBe(wanted);
    }
  } else expect(found, what).toEqual(expected);
};

describe('methods of operators', () => {
  it('are named in camelCase, and are not enumerable', () => {
    const prototype = Tensor.prototype as unknown as Record<string, unknown>;
    expect(methodNames.length).toBeGreaterThan(250);
    for (const name of methodNames) expect(typeof prototype[camelCase(name)], name).toBe('function');
    expect(Object.keys(prototype)).toEqual([]);
  });

  it.skipIf(python === null)('equal the methods of Python (skipped without `npm run python`)', () => {
    setNumThreads(1);
    const list = methodNames.flatMap((name) =>
      callsOf(name).map(([x, args = [], named = {}]): [string, string, Value[], Record<string, Value>] => [
        x,
        name,
        args,
        named,
      ]),
    );
    // NaN and infinities are no JSON; as numbers of Python's reader they are.
    const text = JSON.stringify({ tensors, calls: list }, (_, value) =>
      value === Number.POSITIVE_INFINITY ? '@inf@' : value,
    ).replaceAll('"@inf@"', 'Infinity');
    const answer = execFileSync(python!, [inRoot('test', 'support', 'tensorMethods.py')], {
      input: text,
      encoding: 'utf8',
    }).replace(/(-Infinity|\bInfinity|\bNaN)\b/g, '"$1"');
    const expected = JSON.parse(answer) as unknown[];
    for (const [i, [x, name, args, named]] of list.entries()) {
      const own = Object.fromEntries(
        Object.entries(tensors).map(([key, { dtype, values }]) => [key, tensor(values as number[][], { dtype })]),
      );
      const argument = (value: Value): unknown =>
        typeof value === 'object' && value !== null && 't' in value
          ? typeof value.t === 'string'
            ? own[value.t]
            : value.t.map((one) => own[one])
          : value;
      const what = `${x}.${name}(${JSON.stringify(args)}, ${JSON.stringify(named)})`;
      expect(expected[i], what).not.toHaveProperty('error');
      manualSeed(11);
      const options = Object.entries(named).map(([key, value]) => [camelCase(key), argument(value)]);
      const target = own[x] as unknown as Record<string, (...values: unknown[]) => unknown>;
      const result = target[camelCase(name)]!(
        ...args.map(argument),
        ...(options.length > 0 ? [Object.fromEntries(options)] : []),
      );
      if (name.endsWith('_')) expect(result, what).toBe(own[x]);
      close(plain(result), expected[i], what);
    }
  });

  it('named after a dtype convert, and the short names give sizes and transposes', () => {
    const x = tensor([
      [1.5, 2, -3],
      [0, 5, 6],
    ]);
    const made = [x.double(), x.half(), x.bfloat16(), x.byte(), x.char(), x.short(), x.int(), x.long(), x.bool()];
    expect(made.map(({ dtype }) => dtype)).toEqual([
      'float64',
      'float16',
      'bfloat16',
      'uint8',
      'int8',
      'int16',
      'int32',
      'int64',
      'bool',
    ]);
    expect(x.long().float().toArray()).toEqual([
      [1, 2, -3],
      [0, 5, 6],
    ]);
    expect([x.size(), x.size(-1), x.stride(), x.stride(0), x.ndim]).toEqual([[2, 3], 3, [3, 1], 3, 2]);
    expect(() => x.size(2)).toThrow(/size/);
    expect(x.T.toArray()).toEqual(x.t().toArray());
    expect([x.T, x.T.T]).toEqual([x.T, x]);
    expect(tensor([1]).T.shape).toEqual([1]);
    expect(x.reshape(1, 2, 3).T.shape).toEqual([3, 2, 1]);
    expect(x.T.shape).toEqual([3, 2]);
    expect(x.unbind().map((row) => row.sum().item())).toEqual([0.5, 11]);
    expect(x.cpu().equal(x)).toBe(true);
    expect(
      [x.view([3, 2]), x.view(3, 2), x.reshape([6]), x.permute([1, 0]), x.expand([2, 2, 3])].map((y) => y.shape),
    ).toEqual([[3, 2], [3, 2], [6], [3, 2], [2, 2, 3]]);
    const weight = tensor([1]);
    expect(weight.requiresGrad_()).toBe(weight);
    expect(weight.requiresGrad).toBe(true);
    expect(weight.requiresGrad_(false).requiresGrad).toBe(false);
    expect(() => tensor([1n]).requiresGrad_()).toThrow(/floating point/);
  });
});
