import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  autograd,
  fromData,
  losses,
  manualSeed,
  memory,
  ones,
  rand,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { inGolden } from '../../support/paths.js';

interface Case {
  loss: string;
  options: Record<string, unknown>;
  shape: number[];
  prediction: number[];
  target: number[];
  value: number[];
  gradient: number[];
}
const golden: Case[] = JSON.parse(fs.readFileSync(inGolden('losses.json'), 'utf8'));

type Loss = (prediction: Tensor, target: Tensor, options?: object) => Tensor;
const lossOf = (name: string) => (losses as unknown as Record<string, Loss>)[name]!;

const furthest = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => {
  expect(found.length).toBe(wanted.length);
  return Array.from(wanted).reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
};
const flat = (tensor: Tensor): number[] => tensor.detach().contiguous().flatten().toArray() as number[];

describe('losses equal MONAI 1.6.1, or the formula in Python if it has none', () => {
  it.each(golden.map((one) => [one.loss, JSON.stringify(one.options), one] as const))(
    '%s %s agrees in value and gradient, a crop without a nodule and one full of it among them',
    (name, _, { options, shape, prediction, target, value, gradient }) => {
      const p = fromData(Float64Array.from(prediction), shape, { requiresGrad: true });
      const y = fromData(Float64Array.from(target), shape);
      const loss = lossOf(name)(p, y, options);
      expect(furthest(flat(loss), value)).toBeLessThan(1e-8);
      const weights = tensor(
        value.map((_, i) => i + 1),
        { dtype: 'float64' },
      );
      const [found] = autograd.grad([loss.mul(weights).sum()], [p]);
      expect(furthest(flat(found!), gradient)).toBeLessThan(1e-8);
    },
  );
});

const others: [string, object][] = [
  ['logCoshDice', {}],
  ['focal', {}],
  ['focalTversky', {}],
  ['generalizedDice', {}],
  ['boundary', {}],
  ['dice', { batch: true, squared: true }],
];

describe.each(others)('losses.%s %j', (name, options) => {
  const loss: Loss = (p, y) => lossOf(name)(p, y, options);

  it('has the gradient of finite differences', () => {
    manualSeed(5);
    const p = rand([2, 1, 4, 3], { dtype: 'float64', requiresGrad: true });
    const y = rand([2, 1, 4, 3], { dtype: 'float64' }).gt(0.6);
    const [slope] = autograd.grad([loss(p, y).sum()], [p]);
    const step = 1e-6;
    const at = (k: number, by: number): number => {
      const values = Float64Array.from(flat(p));
      values[k]! += by;
      return loss(fromData(values, p.shape), y).sum().item() as number;
    };
    const measured = Array.from({ length: 24 }, (_, k) => (at(k, step) - at(k, -step)) / (2 * step));
    expect(furthest(flat(slope!), measured)).toBeLessThan(1e-7);
  });

  it('gives one value a sample, equal in float32 to 1e-6, and float32 for half precisions', () => {
    manualSeed(6);
    const p = rand([3, 1, 8, 8], { dtype: 'float64' });
    const y = rand([3, 1, 8, 8]).gt(0.7);
    const exact = flat(loss(p, y));
    expect(exact).toHaveLength(3);
    expect(furthest(flat(loss(p.to('float32'), y)), exact)).toBeLessThan(2e-6);
    for (const dtype of ['float16', 'bfloat16'] as const) expect(loss(p.to(dtype), y).dtype).toBe('float32');
  });

  it('has finite values and gradients for confident predictions, right and wrong, and for empty and full targets', () => {
    for (const predicted of [zeros, ones])
      for (const wanted of [zeros, ones]) {
        const p = predicted([2, 1, 4, 4], { requiresGrad: true });
        const [slope] = autograd.grad([loss(p, wanted([2, 1, 4, 4])).sum()], [p]);
        expect(flat(slope!).every(Number.isFinite)).toBe(true);
      }
    expect(flat(loss(zeros([2, 1, 4, 4]), zeros([2, 1, 4, 4]))).map(Math.abs)).toEqual([0, 0]);
  });

  it('refuses other shapes, and leaves no tensor behind', () => {
    expect(() => loss(zeros([2, 1, 3, 3]), zeros([2, 1, 3, 4]))).toThrow(/same shape/);
    const before = memory().handles;
    scope(() => {
      const p = rand([2, 1, 4, 4], { requiresGrad: true });
      loss(p, ones([2, 1, 4, 4]))
        .mean()
        .backward();
    });
    expect(memory().handles).toBe(before);
  });
});

describe('losses of a batch', () => {
  it('equal that of one long sample, B times', () => {
    manualSeed(8);
    const p = rand([3, 1, 4, 4], { dtype: 'float64' });
    const y = rand([3, 1, 4, 4]).gt(0.5);
    for (const name of ['dice', 'tversky', 'focalTversky', 'logCoshDice', 'generalizedDice']) {
      const whole = lossOf(name)(p.reshape(1, 1, 12, 4), y.reshape(1, 1, 12, 4)).item() as number;
      const each = flat(lossOf(name)(p, y, { batch: true }));
      expect(furthest(each, [whole, whole, whole]), name).toBeLessThan(1e-12);
    }
  });
});

describe('losses.signedDistance', () => {
  it('is Euclidean outside, 0 along the inner edge and negative further inside', () => {
    const target = zeros([5, 9]);
    target.narrow(0, 1, 3).narrow(1, 1, 3).fill_(1);
    const found = losses.signedDistance(target).toArray() as number[][];
    expect(found[2]!.slice(0, 6)).toEqual([1, 0, -1, 0, 1, 2]);
    expect(found[0]![8]).toBeCloseTo(Math.hypot(1, 5), 5);
  });
});

describe('options of losses', () => {
  it('are checked by name', () => {
    const pair = [rand([2, 3]), ones([2, 3])] as const;
    expect(() => losses.focal(...pair, { gamma: -1 })).toThrow(/focal loss: gamma is -1/);
    expect(() => losses.focal(...pair, { alpha: 1.5 })).toThrow(/focal loss: 1 - alpha is -0.5/);
    expect(() => losses.focalTversky(...pair, { gamma: 0.5 })).toThrow(
      /gamma is 0.5, expected a finite number of at least 1/,
    );
    expect(() => losses.generalizedDice(...pair, { smooth: Number.NaN })).toThrow(/smooth is NaN/);
    expect(() => losses.boundary(...pair)).toThrow(/expected \[B, C, H, W\]/);
  });
});
