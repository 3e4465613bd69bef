import assert from 'node:assert';
import { describe, expect, it } from 'vitest';
import {
  memory,
  nn,
  noGrad,
  ones,
  rand,
  scope,
  type Tensor,
  type TensorMatchers,
  tensor,
  tensorMatchers,
  zeros,
} from '../../../dist/torch/index.js';

declare module 'vitest' {
  interface Matchers<T> extends TensorMatchers<T> {}
}

expect.extend(tensorMatchers);

const passes = (check: () => void): boolean => {
  try {
    check();
    return true;
  } catch (error) {
    // The comparison itself may not fail.
    expect((error as Error).name).toMatch(/AssertionError/);
    return false;
  }
};

/** Whether each comparison takes the two as equal. */
const comparisons = (a: unknown, b: unknown): Record<string, boolean> => ({
  toBe: passes(() => expect(a).toBe(b)),
  toEqual: passes(() => expect(a).toEqual(b)),
  toStrictEqual: passes(() => expect(a).toStrictEqual(b)),
  'toEqual of an array': passes(() => expect([1, a]).toEqual([1, b])),
  'toEqual of an object': passes(() => expect({ a }).toEqual({ a: b })),
  'toEqual of a Map': passes(() => expect(new Map([['a', a]])).toEqual(new Map([['a', b]]))),
  toMatchObject: passes(() => expect({ a, b: 1 }).toMatchObject({ a: b })),
  toContainEqual: passes(() => expect([a]).toContainEqual(b)),
  deepStrictEqual: passes(() => assert.deepStrictEqual(a, b)),
  'deepStrictEqual of an object': passes(() => assert.deepStrictEqual({ a: [a] }, { a: [b] })),
  deepEqual: passes(() => assert.deepEqual(a, b)),
});

const all = (found: Record<string, boolean>, wanted: boolean) =>
  expect(Object.entries(found).filter(([, equal]) => equal !== wanted)).toEqual([]);

describe('comparisons of objects', () => {
  const pairs: [string, () => [unknown, unknown]][] = [
    ['of other values', () => [ones([2]), zeros([2])]],
    ['of another shape', () => [ones([2]), ones([3])]],
    ['of another dtype', () => [ones([2]), ones([2], { dtype: 'int64' })]],
    ['with the same values', () => [ones([2]), ones([2])]],
    ['without dimensions', () => [tensor(1), tensor(2)]],
    ['without elements', () => [zeros([0]), zeros([0])]],
    ['of one memory', () => ((x) => [x, x.detach()])(ones([2]))],
    ['a view and its base', () => ((x) => [x, x.select(0, 0)])(ones([2]))],
    ['with an array', () => [ones([2]), [1, 1]]],
    ['modules with other weights', () => [nn.linear(2, 1), nn.linear(2, 1)]],
  ];
  for (const [what, make] of pairs)
    it(`take two tensors ${what} as unequal`, () => {
      const [a, b] = make();
      all(comparisons(a, b), false);
      all(comparisons(b, a), false);
    });

  it('take a tensor as equal to itself, live or disposed, and two disposed ones as unequal', () => {
    for (const x of [ones([2, 3]), tensor(1), zeros([0, 2])]) {
      all(comparisons(x, x), true);
      x.dispose();
      all(comparisons(x, x), true);
    }
    const [a, b] = [ones([1]), ones([1])];
    a.dispose();
    all(comparisons(a, b), false);
    b.dispose();
    all(comparisons(a, b), false);
  });

  it('make no tensor', () => {
    const [a, b] = [rand([20, 20]), rand([20, 20])];
    const before = memory().handles;
    comparisons(a, b);
    comparisons(a, a);
    expect(memory().handles).toBe(before);
  });
});

describe('properties', () => {
  it('can all be read, as Jest does for its report: none throws, or gives new tensors without end', () => {
    const seen = new Set<object>();
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || seen.has(value)) return;
      seen.add(value);
      expect(seen.size).toBeLessThan(50);
      for (let object = value; object !== Object.prototype && object !== null; object = Object.getPrototypeOf(object))
        for (const key of Object.getOwnPropertyNames(object)) walk((value as Record<string, unknown>)[key]);
    };
    for (const shape of [[], [0], [2], [2, 3], [2, 3, 4]]) walk(ones(shape));
    expect(seen.size).toBeGreaterThan(5);
  });
});

describe('equal and allclose', () => {
  it('compare values as in Python', () => {
    const x = tensor([1, Number.NaN]);
    expect(x.equal(x.clone())).toBe(false);
    expect(ones([2]).equal(ones([2]))).toBe(true);
    expect(ones([2]).equal(ones([2, 1]))).toBe(false);
    expect(x.allclose(x)).toBe(false);
    expect(x.allclose(x, { equalNan: true, rtol: undefined })).toBe(true);
    expect(tensor([1]).allclose(tensor([1.001]), { rtol: 0.01 })).toBe(true);
  });
});

describe('as a number or text', () => {
  it('a tensor of one element is its number, others throw', () => {
    const [ten, nine] = [tensor(10), tensor([9])] as unknown as [number, number];
    expect([ten > nine, ten + nine, ten * 2, +ten, `${tensor(true)}`]).toEqual([
      true,
      19,
      20,
      10,
      'Tensor(bool [] cpu) true',
    ]);
    expect(() => (ones([2]) as unknown as number) > 1).toThrow(/it has shape \[2\], expected one element/);
    expect(() => Number(zeros([0]))).toThrow(/expected one element/);
    expect(() => +tensor(2n ** 60n)).toThrow(/2\^53/);
  });

  it('JSON has nested arrays, up to 2^20 elements', () => {
    expect(JSON.stringify({ x: tensor([[1, 2.5]]), y: tensor(true), z: zeros([0]) })).toBe(
      '{"x":[[1,2.5]],"y":true,"z":[]}',
    );
    expect(JSON.stringify(tensor([Number.NaN]))).toBe('[null]');
    expect(JSON.stringify(zeros([2 ** 20])).length).toBe(2 ** 21 + 1);
    expect(() => JSON.stringify(zeros([2 ** 20 + 1]))).toThrow(/more than 1048576 elements/);
    const gone = ones([1]);
    gone.dispose();
    expect(() => JSON.stringify(gone)).toThrow(/disposed/);
  });
});

describe('tensorMatchers', () => {
  it('compare values, with arrays in the dtype of the tensor too', () => {
    expect(tensor([1, Number.NaN])).toEqualTensor(tensor([1, Number.NaN]));
    expect(tensor([0.1, 2])).toEqualTensor([0.1, 2]);
    expect(tensor([1n, 2n])).toEqualTensor([1, 2]);
    expect(tensor([[1, 2]])).toEqualTensor(Float32Array.of(1, 2));
    expect(tensor(3)).toEqualTensor(3);
    expect(zeros([0, 2])).toEqualTensor(zeros([0, 2]));
    expect(ones([2])).not.toEqualTensor(zeros([2]));
    expect(ones([2])).not.toEqualTensor(ones([2, 1]));
    expect(ones([2])).not.toEqualTensor(ones([2], { dtype: 'float64' }));
    expect(ones([2])).not.toEqualTensor([1, 1, 1]);
    expect(tensor([1, 2])).toBeCloseToTensor([1.000001, 2]);
    expect(tensor([1, 2])).not.toBeCloseToTensor([1.1, 2]);
    expect(tensor([1, 2])).toBeCloseToTensor([1.1, 2], { atol: 0.2, rtol: undefined });
    expect(tensor([Number.NaN, Number.POSITIVE_INFINITY])).toBeCloseToTensor([Number.NaN, Number.POSITIVE_INFINITY]);
    expect(tensor([true, false])).toBeCloseToTensor([true, false]);
  });

  const messages: [string, () => void, RegExp][] = [
    ['the first difference', () => expect(tensor([[1, 2], [3, 4]])).toEqualTensor([[1, 2], [5, 6]]), /2 of 4 values differ, the first at \[1, 0\]: received 3\., expected 5\./],
    ['a scalar', () => expect(tensor(1)).toEqualTensor(2), /1 of 1 values differ, the first: received 1\., expected 2\./],
    ['the shapes', () => expect(ones([2])).toEqualTensor(ones([3])), /received float32 \[2\] on cpu, expected float32 \[3\]/],
    ['the dtypes', () => expect(ones([2])).toBeCloseToTensor(ones([2], { dtype: 'int8' })), /expected int8 \[2\] on cpu/],
    ['a value that is close', () => expect(tensor([1, 2])).toBeCloseToTensor([1, 2.1]), /to be close: 1 of 2 values differ/],
    ['equality that is not wanted', () => expect(ones([1])).not.toEqualTensor([1]), /expected another tensor than\nTensor/],
    ['what is no tensor', () => expect([1]).toEqualTensor([1]), /toEqualTensor\(\): received an array, expected a Tensor/],
  ]; // biome-ignore format: one case a line
  for (const [what, check, message] of messages) it(`report ${what}`, () => expect(check).toThrow(message));

  it('report a disposed tensor, free what they make and record no graph', () => {
    const x = rand([3, 3]);
    x.requiresGrad = true;
    const y = noGrad(() => x.mul(2));
    const before = memory().handles;
    expect(() => expect(x).toEqualTensor(y)).toThrow(/differ/);
    expect(x).toEqualTensor(x.toArray());
    expect(memory().handles).toBe(before);
    y.dispose();
    expect(() => expect(x).toEqualTensor(y)).toThrow(/the expected Tensor was disposed/);
    expect(() => expect(y).not.toEqualTensor(x)).toThrow(/the received Tensor was disposed/);
  });

  it('work without Vitest: a matcher is a function that returns pass and a message', () => {
    const found = scope(() => tensorMatchers.toEqualTensor.call(undefined, ones([1]) as Tensor, [2]));
    expect(found.pass).toBe(false);
    expect(found.message()).toContain('received 1., expected 2.');
  });
});
