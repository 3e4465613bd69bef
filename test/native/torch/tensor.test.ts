import { describe, expect, it } from 'vitest';
import * as torch from '../../../dist/torch/index.js';

describe('making tensors', () => {
  it('numbers make float32, booleans bool, bigints int64, typed arrays their own type', () => {
    expect(torch.tensor([1, 2, 3]).dtype).toBe('float32');
    expect(torch.tensor([true, false]).dtype).toBe('bool');
    expect(torch.tensor([1n]).dtype).toBe('int64');
    expect(torch.fromData(new Int16Array([1, 2]), [2]).dtype).toBe('int16');
    expect(torch.tensor([1, 2], { dtype: 'int64' }).toArray()).toEqual([1, 2]);
  });

  it('nested arrays give their shape and round-trip', () => {
    const values = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    const made = torch.tensor(values);
    expect(made.shape).toEqual([2, 3]);
    expect(made.toArray()).toEqual(values);
    expect(torch.tensor(7).toArray()).toBe(7);
  });

  it('ragged arrays are refused with the depth', () => {
    expect(() => torch.tensor([[1, 2], [3]])).toThrow(/depth 1 has 1 elements, expected 2 as in the others/);
  });

  it('data of the wrong length is refused with both lengths', () => {
    expect(() => torch.fromData(new Float32Array(5), [2, 3])).toThrow(
      /found 5 values, expected 6 for the shape \[2,3\]/,
    );
  });

  it('fromData copies', () => {
    const data = new Float32Array([1, 2]);
    const made = torch.fromData(data, [2]);
    data[0] = 9;
    expect(made.toArray()).toEqual([1, 2]);
  });

  it('a negative size is refused', () => {
    expect(() => torch.zeros([2, -1])).toThrow(
      /dimension 1 of the shape \[2,-1\] is -1, expected a non-negative integer/,
    );
  });
});

describe('reading tensors', () => {
  it('toArray() refuses more rows than fit into memory, even if they are empty', () => {
    expect(torch.zeros([3, 0]).toArray()).toEqual([[], [], []]);
    expect(() => torch.zeros([2 ** 31, 0]).toArray()).toThrow(/needs 2147483648 arrays, expected at most 33554432/);
  });

  it('data() is a view: writing to it changes the tensor, disposing detaches it', () => {
    const made = torch.zeros([3]);
    const view = made.data() as Float32Array;
    view[1] = 5;
    expect(made.toArray()).toEqual([0, 5, 0]);
    made.dispose();
    expect(view.length).toBe(0);
  });

  it('data() of a transposed tensor is refused', () => {
    expect(() => torch.zeros([2, 3]).t().data()).toThrow(/not contiguous/);
  });

  it('int64 beyond 2^53 throws as a number and is available as a bigint', () => {
    const made = torch.tensor([2n ** 60n]);
    expect(() => made.item()).toThrow(/beyond 2\^53/);
    expect(() => made.toArray()).toThrow(/beyond 2\^53/);
    expect((made.data() as BigInt64Array)[0]).toBe(2n ** 60n);
  });

  it('dataAsync gives a copy that outlives the tensor', async () => {
    const made = torch.tensor([1, 2, 3]);
    const promise = made.dataAsync();
    made.dispose();
    expect(Array.from((await promise) as Float32Array)).toEqual([1, 2, 3]);
  });

  it('the shape is one object until an in-place operator changes it', () => {
    const made = torch.zeros([2, 3]);
    expect(made.shape).toBe(made.shape);
    torch.op('aten::resize_')(made, [6]);
    expect(made.shape).toEqual([6]);
  });
});

describe('autograd', () => {
  it('gives the gradient of a product', () => {
    const x = torch.tensor([2, 3], { requiresGrad: true });
    x.mul(x).sum().backward();
    expect(x.grad?.toArray()).toEqual([4, 6]);
    expect(x.grad).toBe(x.grad);
  });

  it('the gradient survives the scope in which it was made', () => {
    const x = torch.tensor([2], { requiresGrad: true });
    torch.scope(() => {
      x.mul(3).sum().backward();
      return x.grad?.toArray();
    });
    expect(x.grad?.toArray()).toEqual([3]);
  });

  it('noGrad records nothing and refuses a promise', () => {
    const x = torch.tensor([2], { requiresGrad: true });
    expect(torch.noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(() => torch.noGrad(async () => 1)).toThrow(/returned a promise/);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  it('autocast lowers the precision of a matrix product and of nothing after it', () => {
    const a = torch.ones([4, 4]);
    expect(torch.autocast(() => a.mm(a)).dtype).toBe('bfloat16');
    expect(a.mm(a).dtype).toBe('float32');
  });

  it('backward of a tensor without a graph is one clear error', () => {
    expect(() => torch.tensor([1]).sum().backward()).toThrow(/backward\(\): .*does not require grad/);
  });
});
