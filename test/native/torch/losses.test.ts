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

const SMOOTH = 1;
/** The definition, written with operators that autograd knows: (2 Σ p·y + s) / (Σ p + Σ y + s), subtracted from 1. */
const plainDice = (p: Tensor, y: Tensor): Tensor => {
  const sum = (t: Tensor) => t.flatten(1).sum(1);
  const overlap = sum(p.mul(y)).mul(2).add(SMOOTH);
  return overlap
    .div(sum(p).add(sum(y)).add(SMOOTH))
    .neg()
    .add(1);
};
const plain = (p: Tensor, y: Tensor, fnWeight: number): Tensor =>
  plainDice(p, y).add(plainDice(p.mul(y), y).mul(fnWeight));
const plainCrossEntropy = (p: Tensor, y: Tensor): Tensor => {
  const one = (t: Tensor) => t.neg().add(1);
  return y
    .mul(p.log())
    .add(one(y).mul(one(p).log()))
    .neg()
    .flatten(1)
    .mean(1);
};

const furthest = (a: Tensor, b: Tensor): number => {
  expect(a.shape).toEqual(b.shape);
  return a.sub(b).abs().max().item() as number;
};
const pair = (): [Tensor, Tensor] => {
  manualSeed(3);
  const options = { dtype: 'float64', requiresGrad: true } as const;
  return [rand([3, 2, 5, 4], options), rand([3, 2, 5, 4], options)];
};
/** A different weight for each sample, so that gradients do not hide behind a mean. */
const weighted = (loss: Tensor): Tensor => loss.mul(tensor([1, 2, 3], { dtype: 'float64' })).sum();

describe.each([
  ['dice', (p: Tensor, y: Tensor) => losses.dice(p, y), (p: Tensor, y: Tensor) => plainDice(p, y), 1e-13],
  [
    'diceWithPositives',
    (p: Tensor, y: Tensor) => losses.diceWithPositives(p, y, { fnWeight: 8 }),
    (p: Tensor, y: Tensor) => plain(p, y, 8),
    1e-13,
  ],
  // PyTorch's second derivative adds 1e-12 to its denominators.
  ['crossEntropy', (p: Tensor, y: Tensor) => losses.crossEntropy(p, y), plainCrossEntropy, 1e-8],
  [
    'tversky',
    (p: Tensor, y: Tensor) => losses.tversky(p, y),
    (p: Tensor, y: Tensor) => {
      const sum = (t: Tensor) => t.flatten(1).sum(1);
      const [tp, fp, fn] = [sum(p.mul(y)), sum(p.mul(y.neg().add(1))), sum(p.neg().add(1).mul(y))];
      const over = tp.add(fp.mul(0.3)).add(fn.mul(0.7)).add(1);
      return tp.add(1).div(over).neg().add(1);
    },
    1e-13,
  ],
])('losses.%s', (_, ours, definition, bound) => {
  it('equals its definition, one value for each sample', () => {
    const [p, y] = pair();
    expect(ours(p, y).shape).toEqual([3]);
    expect(furthest(ours(p, y), definition(p, y))).toBeLessThan(1e-14);
  });

  it('has the gradients of its definition, for prediction and (soft) target', () => {
    const [p, y] = pair();
    const [dp, dy] = autograd.grad([weighted(ours(p, y))], [p, y]);
    const [ep, ey] = autograd.grad([weighted(definition(p, y))], [p, y]);
    expect(furthest(dp!, ep!)).toBeLessThan(1e-14);
    expect(furthest(dy!, ey!)).toBeLessThan(1e-14);
  });

  it('has the second derivatives of its definition', () => {
    const [p, y] = pair();
    const second = (loss: Tensor): (Tensor | null)[] => {
      const [dp, dy] = autograd.grad([weighted(loss)], [p, y], { createGraph: true });
      return autograd.grad([dp!.pow(2).sum().add(dy!.pow(3).sum())], [p, y]);
    };
    const found = second(ours(p, y));
    const wanted = second(definition(p, y));
    for (const i of [0, 1]) {
      const size = wanted[i]!.abs().max().item() as number;
      expect(furthest(found[i]!, wanted[i]!) / Math.max(1, size)).toBeLessThan(bound);
    }
  });

  it('is 0 for an empty prediction of an empty target, and near its maximum for a full one', () => {
    expect(ours(zeros([2, 1, 8, 8]), zeros([2, 1, 8, 8])).toArray()).toEqual([0, 0]);
    expect((ours(ones([1, 1, 64, 64]), zeros([1, 1, 64, 64])).item() as number) > 0.999).toBe(true);
  });

  it('accepts targets of bool, uint8 and int64, and returns float32 for half precisions', () => {
    const p = rand([2, 1, 4, 4]);
    const y = p.gt(0.5);
    const wanted = ours(p, y.to('float32')).toArray();
    for (const dtype of ['bool', 'uint8', 'int64'] as const) expect(ours(p, y.to(dtype)).toArray()).toEqual(wanted);
    for (const dtype of ['float16', 'bfloat16'] as const) {
      const half = p.to(dtype).detach();
      half.requiresGrad = true;
      const loss = ours(half, y);
      expect(loss.dtype).toBe('float32');
      loss.sum().backward();
      expect(half.grad!.dtype).toBe(dtype);
    }
  });

  it('refuses other shapes, integer predictions and values that are not Tensors', () => {
    expect(() => ours(zeros([2, 3]), zeros([2, 4]))).toThrow(/\[2, 3\].*\[2, 4\].*same shape/s);
    expect(() => ours(zeros([2], { dtype: 'int64' }), zeros([2]))).toThrow(/floating-point prediction/);
    expect(() => ours(tensor(1), tensor(1))).toThrow(/expected a floating-point prediction/);
    expect(() => ours(1 as never, zeros([2]))).toThrow(/the prediction is number, expected a Tensor/);
    expect(ours(zeros([0, 4]), zeros([0, 4])).shape).toEqual([0]);
  });

  it('leaves no tensor behind', () => {
    const before = memory().handles;
    scope(() => {
      const p = rand([2, 9], { requiresGrad: true });
      ours(p, ones([2, 9]))
        .mean()
        .backward();
    });
    expect(memory().handles).toBe(before);
  });
});

describe('losses.tversky', () => {
  it('equals the value computed by hand, and with 0.5 and 0.5 Dice of twice the smoothing', () => {
    const p = tensor([[0.9, 0.2, 0.2, 0]], { dtype: 'float64' });
    const y = tensor([[1, 1, 0, 0]]);
    expect(losses.tversky(p, y).item()).toBeCloseTo(1 - 2.1 / (1.1 + 0.3 * 0.2 + 0.7 * 0.9 + 1), 12);
    const half = losses.tversky(p, y, { alpha: 0.5, beta: 0.5, smooth: 1 }).item() as number;
    expect(half).toBeCloseTo(losses.dice(p, y, { smooth: 2 }).item() as number, 12);
    expect(() => losses.tversky(p, y, { beta: -1 })).toThrow(/tversky loss: beta is -1/);
  });
});

describe('losses.diceWithPositives', () => {
  it('ignores false positives in its second term', () => {
    const y = fromData(new Float32Array([1, 1, 0, 0]), [1, 4]);
    const second = (p: number[]): number => {
      const prediction = tensor([p]);
      const both = losses.diceWithPositives(prediction, y, { fnWeight: 1 }).item() as number;
      return both - (losses.dice(prediction, y).item() as number);
    };
    expect(second([1, 0, 1, 1])).toBeCloseTo(second([1, 0, 0, 0]), 6);
    expect(second([1, 1, 1, 1])).toBeCloseTo(0, 6);
  });

  it('with fnWeight 0 is plain Dice; a negative or NaN option is refused', () => {
    const p = rand([2, 9]);
    const y = p.gt(0.5);
    expect(losses.diceWithPositives(p, y, { fnWeight: 0 }).toArray()).toEqual(losses.dice(p, y).toArray());
    expect(() => losses.dice(p, y, { smooth: Number.NaN })).toThrow(/smooth is NaN/);
    expect(() => losses.diceWithPositives(p, y, { fnWeight: -1 })).toThrow(/fnWeight is -1/);
  });
});
