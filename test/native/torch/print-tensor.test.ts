import { execFileSync } from 'node:child_process';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { arange, memory, ops, rand, type Tensor, tensor, zeros } from '../../../dist/torch/index.js';
import { pythonInterpreter } from '../../support/python.js';

const python = pythonInterpreter();

/** Values that Python makes and prints; the test reads the values as float64 (int64 and bool as they are). */
const EXPRESSIONS = [
  ...[
    '[1, 2.5, -3]',
    '[1., 2, 3]',
    '[1e-5, 1.]',
    '[0.1, 1000.]',
    '[0.01, 100.]',
    '[0.5, 500.]',
    '[0.5, 501.]',
    '7.',
    '[]',
  ],
  ...[
    '[nan, 1]',
    '[inf, 1.5]',
    '[nan]',
    '[-inf, inf]',
    '[1., nan, 1e9]',
    'nan',
    '-inf',
    '[-0., 0.]',
    '[-0., 1.5]',
    '-0.',
  ],
  ...['[1e9]', '[1e9, 2.5]', '[1e8, 1.]', '[100000001.]', '[99999.5]', '[123456.789]', '[1., 1e4, 1e6]', '[0.00005]'],
  ...[
    '[1e-45]',
    '[0.00012345, 0.5]',
    '[0.03125, 0.09375]',
    '[-0.03125, 1.00005]',
    '[100005., 1e-9]',
    '[2.00015]',
    '[3e38]',
  ],
  ...[
    '[[1, 10], [100, 0.5]]',
    '[[1, -10], [100, 5.]]',
    '[[nan], [-2.5]]',
    '[[]]',
    '[[[]], [[]]]',
    '[[[1.5]]]',
    '[0.99999999]',
  ],
].map((values) => `tensor(${values}, dtype=float32)`);
const TORCH = [
  ...['tensor(7)', 'tensor([2**62, -1])', 'tensor([[1, -10], [100, 5]])', 'tensor([-128, 127], dtype=int8)'],
  ...[
    'tensor(True)',
    'tensor([True, False])',
    'tensor([[True], [False]])',
    'zeros(0, 3)',
    'zeros(2, 0, 3)',
    'arange(100)',
  ],
  ...['tensor([1.5], dtype=float16)', 'tensor([1e-3, 65504], dtype=float16)', 'tensor([1e-3, 3e38], dtype=bfloat16)'],
  ...['tensor(1e-10, dtype=float64)', 'tensor([1e300, 1e-300], dtype=float64)', 'tensor([5e-324, 1], dtype=float64)'],
  ...[
    'arange(1000)',
    'arange(1001)',
    'arange(1001.)',
    'arange(30.).reshape(2, 3, 5)',
    'arange(2000.).reshape(20, 100)',
  ],
  ...['arange(120).reshape(2, 3, 4, 5)', 'zeros(12, 12, 12)', 'ones(5, 300) * 0.5', 'arange(7000).reshape(7, 1000)'],
  ...['arange(1200).reshape(6, 200)', 'arange(200.) / 7', 'arange(3000.).reshape(3, 10, 100) / 3', 'rand(3, 3) * 1e-6'],
  ...[
    'rand(40, 50) - 0.5',
    'randn(2, 3, 20, 20) * 100',
    'arange(1400).reshape(1400, 1)',
    'arange(40.).reshape(1, 40) * 1e7',
  ],
];

const PYTHON = `
import json, sys
import torch
from torch import *
from math import inf, nan
torch.manual_seed(0)
out = []
for text in json.load(sys.stdin):
    x = eval(text)
    lines = repr(x)
    values = x.flatten().tolist()
    out.append([str(x.dtype)[6:], list(x.shape), [str(v) for v in values], lines])
print(json.dumps(out))
`;

/** The values of Python's text: without tensor( ), what follows them, and its indentation. */
const valuesOf = (text: string): string =>
  text
    .replace(/^tensor\(/, '')
    .replace(/(, size=\([^)]*\))?(,\s+dtype=torch\.\w+)?\)$/, '')
    .replaceAll('\n       ', '\n')
    .replaceAll('True', 'true')
    .replaceAll('False', 'false');

const made = (dtype: string, shape: number[], values: string[]): Tensor => {
  const flat =
    dtype === 'int64'
      ? tensor(values.map(BigInt))
      : tensor(
          values.map((text) => (text === 'True' ? 1 : text === 'False' ? 0 : Number(text.replace('inf', 'Infinity')))),
          {
            dtype: 'float64',
          },
        );
  return flat.to(dtype as 'float32').reshape(shape);
};

describe('printing a tensor', () => {
  it.skipIf(python === null)('shows the values as PyTorch does (skipped without `npm run python`)', () => {
    const expressions = [...EXPRESSIONS, ...TORCH];
    const answer = execFileSync(python!, ['-c', PYTHON], { input: JSON.stringify(expressions), encoding: 'utf8' });
    const wrong: [string, string, string][] = [];
    for (const [i, [dtype, shape, values, text]] of (
      JSON.parse(answer) as [string, number[], string[], string][]
    ).entries()) {
      const found = inspect(made(dtype, shape, values));
      const head = `Tensor(${dtype} [${shape.join(', ')}] cpu)`;
      const wanted = valuesOf(text);
      if (found.slice(0, head.length) !== head || found.slice(head.length + 1) !== wanted)
        wrong.push([expressions[i]!, found, wanted]);
    }
    expect(wrong).toEqual([]);
  });

  it('shows dtype, shape, device and values', () => {
    expect(inspect(tensor([1, 2.5, -3]))).toBe('Tensor(float32 [3] cpu) [ 1.0000,  2.5000, -3.0000]');
    expect(`${tensor(7)}`).toBe('Tensor(float32 [] cpu) 7.');
    expect(inspect(tensor([true, false]))).toBe('Tensor(bool [2] cpu) [ true, false]');
    expect(inspect(zeros([0, 3]))).toBe('Tensor(float32 [0, 3] cpu) []');
    expect(inspect(tensor([2n ** 60n]))).toBe('Tensor(int64 [1] cpu) [1152921504606846976]');
  });

  it('puts rows below each other, in columns, also within another object', () => {
    const x = tensor([
      [1, 10],
      [100, 0.5],
    ]);
    expect(inspect(x)).toBe('Tensor(float32 [2, 2] cpu)\n[[  1.0000,  10.0000],\n [100.0000,   0.5000]]');
    expect(inspect({ x })).toBe(
      '{\n  x: Tensor(float32 [2, 2] cpu)\n  [[  1.0000,  10.0000],\n   [100.0000,   0.5000]]\n}',
    );
  });

  it('shows the head alone below the depth that is asked for', () => {
    expect(inspect({ a: { b: { c: tensor([1]) } } }, { depth: 1 })).toContain('b: [Object]');
    expect(inspect({ a: { c: tensor([1]) } }, { depth: 0 })).toBe('{ a: [Object] }');
    expect(inspect({ c: tensor([1]) }, { depth: 0 })).toBe('{ c: Tensor(float32 [1] cpu) }');
    expect(inspect(tensor([1]), { depth: 0 })).toBe('Tensor(float32 [1] cpu) [1.]');
  });

  it('shows the corners of a large one, and little of many dimensions', () => {
    const text = inspect(arange(0, 1_000_000).reshape(1000, 1000).to('int32'));
    expect(text.split('\n')).toHaveLength(8);
    expect(text).toContain('[999000, 999001, 999002,  ..., 999997, 999998, 999999]');
    expect(inspect(rand([9, 9, 9, 9, 9, 9])).length).toBeLessThan(2500);
    expect(inspect(zeros([1, 1, 1, 1, 1, 1]))).toBe('Tensor(float32 [1, 1, 1, 1, 1, 1] cpu) [[[[[[0.]]]]]]');
  });

  it('shows requiresGrad, and records no gradient itself', () => {
    const x = tensor([1], { requiresGrad: true });
    expect(inspect(x)).toBe('Tensor(float32 [1] cpu requiresGrad) [1.]');
    expect(inspect(x.mul(2))).toBe('Tensor(float32 [1] cpu requiresGrad) [2.]');
  });

  it('shows only the head of kinds without values in JavaScript', () => {
    expect(inspect(ops.complex(tensor([1]), tensor([2])))).toBe('Tensor(complex64 [1] cpu) values not shown');
  });

  it('leaves no tensor behind, and shows that a tensor is disposed', () => {
    const x = rand([50, 50]).t();
    const before = memory().handles;
    inspect(x);
    expect(memory().handles).toBe(before);
    x.dispose();
    expect(inspect({ x })).toBe('{ x: Tensor(disposed) }');
    expect(`${x}`).toBe('Tensor(disposed)');
  });
});
