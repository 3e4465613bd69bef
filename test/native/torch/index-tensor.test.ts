import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { arange, type IndexItem, memory, scope, type Tensor, tensor } from '../../../dist/torch/index.js';
import { inGolden } from '../../support/paths.js';

// Made by test/golden/make/indexing.py.
const golden: {
  size: number;
  places: (number | null)[];
  steps: number[];
  ranges: string[];
  mixed: [items: GoldenItem[], shape: number[], values: number[]][];
} = JSON.parse(readFileSync(inGolden('indexing.json'), 'utf8'));

type GoldenItem = number | null | [number | null, number | null, number?] | { int64: number[] } | { bool: boolean[] };

const itemOf = (item: GoldenItem): IndexItem => {
  if (item === null || typeof item === 'number' || Array.isArray(item)) return item;
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
          const found = scope(() => five.index([start, end, step]).toArray() as number[]).join('');
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

  it('positions and forward ranges return a view: writing to it writes to the tensor', () => {
    const x = cube();
    x.index(1, [0, 4, 2], -1).fill_(-7);
    expect(x.index(1, null, -1).toArray()).toEqual([-7, 29, -7, 39]);
  });

  it('a gradient flows through a reversed range', () => {
    const x = tensor([1, 2, 3, 4], { requiresGrad: true });
    x.index([null, null, -2])
      .mul(tensor([10, 1]))
      .sum()
      .backward();
    expect(x.grad?.toArray()).toEqual([0, 1, 0, 10]);
  });

  it('intermediate tensors are freed', () => {
    const x = cube();
    const before = memory().handles;
    x.index([2, null, -1], 1, [0, 4, 2]).dispose();
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
    ['a step of 0', (x) => x.index([0, 2, 0]), /a range with the step 0, expected a step other than 0/],
    ['a range of fractions', (x) => x.index([0.5, 2]), /a range with the start 0.5/],
    ['too many items', (x) => x.index(0, 0, 0, 0), /items for 4 dimensions, the tensor of shape \[3, 4, 5\] has 3/],
    [
      'what is no item',
      (x) => x.index('1' as any),
      /item 0 is 1, expected a number, \[start, end, step\], null or a Tensor/,
    ],
    ['positions outside', (x) => x.index(tensor([9n])), /aten::index.*out of bounds/],
  ];
  for (const [what, call, message] of refused)
    it(`${what} is refused`, () => expect(() => call(cube())).toThrow(message));
});
