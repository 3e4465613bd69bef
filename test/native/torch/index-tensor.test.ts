import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  arange,
  ellipsis,
  type IndexItem,
  memory,
  newaxis,
  ops,
  scope,
  slice,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { inGolden } from '../../support/paths.js';

// Made by test/golden/make/indexing.py.
const golden: {
  size: number;
  places: (number | null)[];
  steps: number[];
  ranges: string[];
  mixed: [items: GoldenItem[], shape: number[], values: number[], written: number[] | null][];
} = JSON.parse(readFileSync(inGolden('indexing.json'), 'utf8'));

type GoldenItem =
  | Exclude<IndexItem, object>
  | number[]
  | { slice: (number | null)[] }
  | { int64: number[] | number }
  | { bool: boolean[] | boolean };

const itemOf = (item: GoldenItem): IndexItem => {
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
  if ('slice' in item) return slice(item.slice[0], item.slice[1], item.slice[2]);
  return 'bool' in item ? tensor(item.bool) : tensor(item.int64, { dtype: 'int64' });
};

const cube = () => arange(0, 60, 1, { dtype: 'int64' }).reshape(3, 4, 5);

describe('indexing', () => {
  it('ranges with every start, end and step, negative ones too, equal NumPy', () => {
    const five = arange(0, golden.size, 1, { dtype: 'int64' });
    const wrong: string[] = [];
    let i = 0;
    for (const start of golden.places)
      for (const end of golden.places)
        for (const step of golden.steps) {
          const found = scope(() => five.index(slice(start, end, step)).toArray() as number[]).join('');
          if (found !== golden.ranges[i++]) wrong.push(`[${start}, ${end}, ${step}] is ${found}`);
        }
    expect(wrong).toEqual([]);
    expect(i).toBe(golden.ranges.length);
  });

  it('positions, ranges, masks and tensors of positions mix as in torch', () => {
    for (const [items, shape, values] of golden.mixed) {
      const found = cube().index(...items.map(itemOf));
      const where = JSON.stringify(items);
      expect(found.shape, where).toEqual(shape);
      expect(found.reshape(-1).toArray(), where).toEqual(values);
    }
  });

  it('the same items take values, as in torch', () => {
    let count = 0;
    for (const [items, shape, values, written] of golden.mixed) {
      if (written === null) continue;
      const source = arange(100, 100 + values.length, { dtype: 'int64' }).reshape(shape);
      const found = cube().setIndex(items.map(itemOf), source);
      expect(found.reshape(-1).toArray(), JSON.stringify(items)).toEqual(written);
      count++;
    }
    expect(count).toBeGreaterThan(250);
  });

  it('numbers, broadcast tensors and other dtypes can be written, and a reversed range takes reversed values', () => {
    const x = zeros(2, 4);
    x.setIndex([0, [1, 3]], 5);
    x.setIndex([1], tensor([1n, 2n, 3n, 4n]));
    expect(x.toArray()).toEqual([
      [0, 5, 0, 5],
      [1, 2, 3, 4],
    ]);
    x.setIndex([':', slice(null, null, -1)], tensor([[10, 20, 30, 40]]));
    x.setIndex([ellipsis, 0], true);
    expect(x.index(1).toArray()).toEqual([1, 30, 20, 10]);
    expect(x.setIndex([], tensor([[[7]]]))).toBe(x);
    expect(x.sum().item()).toBe(56);
    x.setIndex([x.gt(0)], -1).setIndex([[], 0], 3);
    expect(x.sum().item()).toBe(-8);
  });

  it('values that do not fit are refused, and nothing is left behind', () => {
    const x = zeros([2, 3], { dtype: 'uint8' });
    const before = memory().handles;
    expect(() => x.setIndex([0], 300)).toThrow(/overflow/);
    expect(() => x.setIndex([[0]], 300)).toThrow(/overflow/);
    expect(() => scope(() => x.setIndex([0], zeros(2)))).toThrow(/expand|match/);
    expect(() => scope(() => x.setIndex([[0, 1]], zeros(4)))).toThrow(/shape|broadcast|match/);
    expect(() => x.setIndex([slice(null, null, -1), [0]], 1)).toThrow(/a range with a negative step beside a list/);
    expect(() => x.setIndex([0], null as never)).toThrow(/the value is null, expected a Tensor/);
    expect(() => x.setIndex(0 as never, 1)).toThrow(/expected a list of items/);
    expect(x.toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(memory().handles).toBe(before);
  });

  it('lists, typed arrays and Tensors of positions mean the same rows', () => {
    const x = cube();
    const rows = x.index([2, 0]).toArray();
    for (const item of [Int32Array.of(2, 0), BigInt64Array.of(2n, 0n), [2n, 0n], [-1, -3], tensor([2n, 0n])])
      expect(x.index(item).toArray()).toEqual(rows);
    expect(x.index(1n).toArray()).toEqual(x.index(1).toArray());
    expect(newaxis).toBe(null);
    expect(tensor(5).index(newaxis, ellipsis).shape).toEqual([1]);
  });

  it('a list is read once', () => {
    let reads = 0;
    const list = new Proxy([0, 2], {
      get: (target, key) => {
        if (key === '0') reads++;
        return Reflect.get(target, key);
      },
    });
    expect(cube().index(list, 0, 0).toArray()).toEqual([0, 40]);
    expect(reads).toBeLessThanOrEqual(2);
  });

  it('positions and forward ranges return a view: writing to it writes to the tensor', () => {
    const x = cube();
    x.index(1, slice(0, 4, 2), -1).fill_(-7);
    expect(x.index(1, ':', -1).toArray()).toEqual([-7, 29, -7, 39]);
  });

  it('a gradient flows through a reversed range', () => {
    const x = tensor([1, 2, 3, 4], { requiresGrad: true });
    x.index(slice(null, null, -2))
      .mul(tensor([10, 1]))
      .sum()
      .backward();
    expect(x.grad?.toArray()).toEqual([0, 1, 0, 10]);
  });

  it('intermediate tensors are freed', () => {
    const x = cube();
    const before = memory().handles;
    x.index(slice(2, null, -1), 1, slice(0, 4, 2), newaxis, ellipsis).dispose();
    x.index([0, 1], [true, false, false, true], -1).dispose();
    x.index(true).dispose();
    x.setIndex([slice(2, null, -1), 1], 0).setIndex([[0, 1], true], 3);
    expect(memory().handles).toBe(before);
  });

  it('no items return another view of the whole tensor', () => {
    const x = cube();
    expect(x.index()).not.toBe(x);
    expect(x.index().shape).toEqual([3, 4, 5]);
  });

  const refused: [string, (x: Tensor) => Tensor, RegExp][] = [
    ['a position outside', (x) => x.index(3), /item 0 is 3, expected an integer from -3 to 2/],
    ['a fraction', (x) => x.index(0, 1.5), /item 1 is 1.5, expected an integer from -4 to 3/],
    ['a step of 0', (x) => x.index(slice(0, 2, 0)), /slice\(\): the step is 0/],
    ['a range of fractions', (x) => x.index(slice(0.5, 2)), /slice\(\): the start is 0.5, expected an integer or null/],
    ['a range of text', (x) => x.index(slice('1' as never)), /slice\(\): the end is a string/],
    ['too many items', (x) => x.index(0, 0, 0, 0), /items for 4 dimensions, the tensor of shape \[3, 4, 5\] has 3/],
    [
      'what is no item',
      (x) => x.index('1' as never),
      /item 0 is '1', expected a number, slice\(start, end, step\), ':'/,
    ],
    ['undefined', (x) => x.index(0, undefined as never), /item 1 is undefined/],
    ['an object', (x) => x.index({ start: 1 } as never), /item 0 is a object|item 0 is an object/],
    ['an array with null, once a range', (x) => x.index([1, null] as never), /A range is slice\(start, end, step\)/],
    ['a list of fractions', (x) => x.index([0.5, 2]), /a list with 0.5, expected a list of integers/],
    ['a list of both kinds', (x) => x.index([1, true] as never), /a list of positions and booleans/],
    ['a ragged list', (x) => x.index([[1], [1, 2]]), /an array at depth 1 has 2 elements/],
    ['a list with a huge position', (x) => x.index([2n ** 64n]), /a list with 18446744073709551616/],
    ['two ellipses', (x) => x.index(0, '...', '...'), /item 2 is a second '...'/],
    ['a float Tensor', (x) => x.index(tensor([0, 2])), /a Tensor of float32, expected int64.*to\('int64'\)/],
    ['positions outside', (x) => x.index(tensor([9n])), /aten::index.*out of bounds/],
    ['a list of positions outside', (x) => x.index([0, 3]), /aten::index.*out of bounds/],
    ['a single Tensor position outside', (x) => x.index(tensor(3n)), /item 0 is 3, expected an integer from -3/],
    ['a mask of another size', (x) => x.index([true, false]), /aten::index.*mask/],
    [
      'a disposed Tensor',
      (x) => {
        x.dispose();
        return x.index(0);
      },
      /disposed/,
    ],
    [
      'a disposed index',
      (x) => {
        const rows = tensor([0n]);
        rows.dispose();
        return x.index(rows);
      },
      /disposed/,
    ],
  ];
  for (const [what, call, message] of refused)
    it(`${what} is refused`, () => expect(() => call(cube())).toThrow(message));

  it('a leaf that requires a gradient refuses to be written, as in Python', () => {
    const x = ops.add(zeros(3), 0);
    x.requiresGrad = true;
    expect(() => x.setIndex([0], 1)).toThrow(/leaf Variable/);
    const y = x.mul(2);
    y.setIndex([0], 5).sum().backward();
    expect(x.grad?.toArray()).toEqual([0, 2, 2]);
  });
});
