import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { arange, memory, ops, rand, tensor, zeros } from '../../../dist/torch/index.js';

describe('printing a tensor', () => {
  it('shows dtype, shape, device and values', () => {
    expect(inspect(tensor([1, 2.5, -3]))).toBe('Tensor(float32 [3] cpu) [1, 2.5, -3]');
    expect(`${tensor(7)}`).toBe('Tensor(float32 [] cpu) 7');
    expect(inspect(tensor([true, false]))).toBe('Tensor(bool [2] cpu) [true, false]');
    expect(inspect(zeros([0, 3]))).toBe('Tensor(float32 [0, 3] cpu)\n[]');
  });

  it('puts rows below each other, in columns', () => {
    expect(
      inspect(
        tensor([
          [1, 10],
          [100, 0.5],
        ]),
      ),
    ).toBe('Tensor(float32 [2, 2] cpu)\n[[  1,  10],\n [100, 0.5]]');
  });

  it('shows the corners of a large one', () => {
    expect(inspect(arange(0, 100))).toBe('Tensor(float32 [100] cpu) [0, 1, 2, …, 97, 98, 99]');
    const text = inspect(arange(0, 1_000_000).reshape(1000, 1000));
    expect(text.split('\n')).toHaveLength(8);
    expect(text).toContain('[999000, 999001, 999002, …, 999997, 999998, 999999]');
    expect(inspect(rand([9, 9, 9, 9, 9, 9])).length).toBeLessThan(2000);
  });

  it('shows values that JSON lacks, and integers beyond the range of numbers', () => {
    expect(inspect(tensor([Number.NaN, Number.POSITIVE_INFINITY]))).toBe('Tensor(float32 [2] cpu) [NaN, Infinity]');
    expect(inspect(tensor([2n ** 60n]))).toBe('Tensor(int64 [1] cpu) [1152921504606846976]');
    expect(inspect(tensor([1.5]).to('bfloat16'))).toBe('Tensor(bfloat16 [1] cpu) [1.5]');
  });

  it('shows requiresGrad, and records no gradient itself', () => {
    const x = tensor([1], { requiresGrad: true });
    expect(inspect(x)).toBe('Tensor(float32 [1] cpu requiresGrad) [1]');
    expect(inspect(x.mul(2))).toBe('Tensor(float32 [1] cpu requiresGrad) [2]');
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
  });
});
