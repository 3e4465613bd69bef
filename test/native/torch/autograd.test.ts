import { execFileSync } from 'node:child_process';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  arange,
  autograd,
  clipGradNorm,
  clipGradValue,
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { inRoot } from '../../support/paths.js';
import { pythonInterpreter } from '../../support/python.js';

const python = pythonInterpreter();
const double = { dtype: 'float64' } as const;
const leaf = (values: number[]): Tensor => tensor(values, { ...double, requiresGrad: true });

interface Expected {
  first: number[];
  other: number[];
  second: number[][];
  third: number[];
  product: number[];
  accumulated: number[];
  clipped: Record<string, number[]>;
}

it.skipIf(python === null)(
  'derivatives up to the third, and clipping, equal Python (skipped without `npm run python`)',
  () => {
    const text = execFileSync(python!, [inRoot('test', 'support', 'autograd.py')], { encoding: 'utf8' });
    const expected: Expected = JSON.parse(text);
    const close = (found: Tensor, values: number[]) => {
      const flat = [found.detach().flatten().toArray()].flat() as number[];
      expect(flat.length).toBe(values.length);
      for (const [i, value] of values.entries()) expect(flat[i]).toBeCloseTo(value, 6);
    };
    const [x, y, g] = [leaf([1, 2, 3]), leaf([0.5, -1, 2]), tensor([1, 0, -1], double)];
    const [first, other] = autograd.grad(x.pow(3).mul(y).sin(), [x, y], { gradOutputs: g, createGraph: true });
    close(first, expected.first);
    close(other, expected.other);
    const second = autograd.grad([first.sum()], [x, y], { createGraph: true });
    for (const [i, one] of second.entries()) close(one, expected.second[i]!);
    const [third] = autograd.grad(second[0].square().sum(), x);
    close(third, expected.third);
    const [slope] = autograd.grad(x.prod().mul(y.exp()).sum(), x, { createGraph: true });
    close(autograd.grad(slope, x, { gradOutputs: [g] })[0], expected.product);
    x.sum().backward();
    x.mul(y).backward({ gradient: g, inputs: [x] });
    close(x.grad!, expected.accumulated);
    expect(y.grad).toBeNull();
    for (const [norm, values] of Object.entries(expected.clipped)) {
      const parameters = [zeros([4], { requiresGrad: true }), zeros([2, 3], { requiresGrad: true }), zeros([1])];
      parameters[0]!.grad = arange(0, 4).sub(1.5);
      parameters[1]!.grad = arange(0, 6).view(2, 3).div(3);
      const total = clipGradNorm(parameters, 1.25, {
        normType: norm === 'inf' ? Number.POSITIVE_INFINITY : Number(norm),
      });
      clipGradValue(parameters, 0.3);
      expect(total.item()).toBeCloseTo(values[0]!, 6);
      close(parameters[0]!.grad!, values.slice(1, 5));
      close(parameters[1]!.grad!, values.slice(5));
    }
  },
);

describe('autograd.grad', () => {
  it('gives one gradient for each input, null only where it was asked for', () => {
    const [x, y] = [leaf([1]), leaf([2])];
    const found = autograd.grad(x.mul(3), [x, y], { allowUnused: true });
    expectTypeOf(found).toEqualTypeOf<readonly [Tensor | null, Tensor | null]>();
    expect(found.map((one) => one?.item() ?? null)).toEqual([3, null]);
    expectTypeOf(autograd.grad(x.mul(3), [x])).toEqualTypeOf<readonly [Tensor]>();
    expect(() => autograd.grad(x.mul(3), [x, y])).toThrow(/no output depends on input 1\. Set allowUnused/);
    expect(x.grad).toBeNull();
  });

  it('refuses what has no gradient, with one error each', () => {
    const x = leaf([1, 2]);
    expect(() => autograd.grad(x.mul(2), x)).toThrow(/scalar outputs/);
    expect(() => autograd.grad(x.mul(2), x, { gradOutputs: ones([3], double) })).toThrow(
      /gradOutputs 0: found shape \[3\], expected \[2\]/,
    );
    expect(() => autograd.grad(x.mul(2), x, { gradOutputs: ones([1], double) })).toThrow(/found shape \[1\]/);
    expect(() => autograd.grad(x.mul(2), x, { gradOutputs: [null, null] })).toThrow(
      /1 outputs, 1 inputs and 2 gradOutputs/,
    );
    expect(() => autograd.grad([], x)).toThrow(/0 outputs/);
    expect(() => autograd.grad(tensor([1]), x)).toThrow(/does not require grad/);
    expect(() => autograd.grad(x.sum(), tensor([1]))).toThrow(/does not require grad|no output depends/);
    expect(() => autograd.grad([1 as unknown as Tensor], x)).toThrow(/output 0: found number, expected a Tensor/);
    const loss = x.square().sum();
    autograd.grad(loss, x);
    expect(() => autograd.grad(loss, x)).toThrow(/second time/);
    x.dispose();
    expect(() => autograd.grad(loss, x)).toThrow(/disposed/);
  });

  it('keeps the graph with retainGraph, and gives the same gradients again', () => {
    const x = leaf([1, 2]);
    const loss = x.square().sum();
    const [first] = autograd.grad(loss, x, { retainGraph: true });
    expect(autograd.grad(loss, x)[0].equal(first)).toBe(true);
  });

  it('frees the graphs of second derivatives', () => {
    const net = nn.sequential(nn.linear(4, 8), nn.sigmoid(), nn.linear(8, 1));
    const penalty = () =>
      scope(() => {
        const x = randn([16, 4], { requiresGrad: true });
        const [gradient] = autograd.grad(net.forward(x).sum(), [x], { createGraph: true });
        gradient.square().sum().backward();
        net.zeroGrad();
      });
    penalty();
    const before = memory();
    for (let n = 0; n < 20; n++) penalty();
    expect(memory()).toMatchObject({ handles: before.handles, bytes: { cpu: before.bytes.cpu } });
    // A gradient with its own graph refers to the parameter and back: setting it to null breaks the cycle.
    scope(() =>
      net
        .forward(ones([2, 4]))
        .sum()
        .backward({ createGraph: true }),
    );
    for (const parameter of net.parameters()) parameter.grad = null;
    expect(memory().bytes.cpu).toBe(before.bytes.cpu);
  });
});

describe('backward', () => {
  it('takes its options in either place, and refuses a gradient of another shape', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    y.backward(ones([2], double), { retainGraph: true });
    y.backward({ gradient: ones([2], double), retainGraph: true });
    y.backward(null, { gradient: ones([2], double) });
    expect(x.grad!.toArray()).toEqual([6, 6]);
    expect(() => x.mul(2).backward({ gradient: ones([1], double) })).toThrow(/found shape \[1\], expected \[2\]/);
    expect(() => x.mul(2).backward()).toThrow(/scalar outputs/);
    expect(() => x.mul(2).backward(3 as never)).toThrow(/backward\(\)/);
    expect(() => x.sum().backward({ inputs: [7 as unknown as Tensor] })).toThrow(/found number/);
  });

  it('with createGraph gives a gradient that has a graph', () => {
    const x = leaf([2]);
    x.pow(3).sum().backward({ createGraph: true });
    const [second] = autograd.grad(x.grad!.sum(), x);
    expect(second.item()).toBe(12);
    x.grad = null;
  });
});

describe('modes', () => {
  it('nest, and end where the function throws', () => {
    expect([isGradEnabled(), isInferenceModeEnabled()]).toEqual([true, false]);
    noGrad(() => {
      expect(isGradEnabled()).toBe(false);
      enableGrad(() => expect(isGradEnabled()).toBe(true));
      expect(() =>
        enableGrad(() => {
          throw new Error('own');
        }),
      ).toThrow('own');
      expect(isGradEnabled()).toBe(false);
    });
    expect(() =>
      inferenceMode(() => {
        expect([isGradEnabled(), isInferenceModeEnabled()]).toEqual([false, true]);
        inferenceMode(() => expect(isInferenceModeEnabled()).toBe(false), { enabled: false });
        throw new Error('own');
      }),
    ).toThrow('own');
    expect([isGradEnabled(), isInferenceModeEnabled()]).toEqual([true, false]);
  });

  it('refuse promises and generators', () => {
    for (const mode of [noGrad, enableGrad, inferenceMode] as ((fn: () => unknown) => unknown)[]) {
      expect(() => mode(async () => 1)).toThrow(/promise/);
      expect(() =>
        mode(function* () {
          yield 1;
        }),
      ).toThrow(/generator/);
    }
  });

  it('a tensor of inferenceMode has values, and is refused in graphs and for in-place changes outside', () => {
    const net = nn.linear(3, 2);
    const y = inferenceMode(() => net.forward(ones([1, 3])));
    expect(y.requiresGrad).toBe(false);
    expect(y.data()).toHaveLength(2);
    expect(y.clone().equal(y)).toBe(true);
    expect(() => y.add_(1)).toThrow(/inference/i);
    expect(() => y.mul(ones([1, 2], { requiresGrad: true }))).toThrow(/inference/i);
    const made = inferenceMode(() => nn.linear(3, 2));
    expect(() => made.forward(ones([1, 3], { requiresGrad: true }))).toThrow(/inference/i);
    expect(() => optim.sgd(made.parameters(), { lr: 1 }).step()).not.toThrow();
  });
});

describe('clipping', () => {
  it('leaves small gradients, parameters without one, and NaN alone', () => {
    const p = zeros([2], { requiresGrad: true });
    expect(clipGradNorm([p], 1).item()).toBe(0);
    p.grad = tensor([0.25, -0.25]);
    expect(clipGradNorm(p, 1).item()).toBeCloseTo(Math.SQRT1_2 / 2, 6);
    expect(p.grad.toArray()).toEqual([0.25, -0.25]);
    p.grad = tensor([Number.NaN, 1]);
    expect(() => clipGradNorm([p], 1, { errorIfNonfinite: true })).toThrow(/is NaN, expected a finite one/);
    for (const limit of [-1, Number.NaN, '1' as never]) {
      expect(() => clipGradNorm([p], limit)).toThrow(/clipGradNorm: the limit is/);
      expect(() => clipGradValue([p], limit)).toThrow(/clipGradValue: the limit is/);
    }
    expect(() => clipGradNorm([1 as never], 1)).toThrow(/parameter 0 is number/);
    expect(() => clipGradNorm(null as never, 1)).toThrow(/found null/);
    expect(() => clipGradNorm([p], 1, { normType: 0 })).toThrow(/normType is 0/);
  });

  it('scales gradients of several dtypes together', () => {
    const [a, b] = [zeros([1], { requiresGrad: true }), zeros([1], { ...double, requiresGrad: true })];
    a.grad = tensor([3]);
    b.grad = tensor([4], double);
    expect(clipGradNorm([a, b], 1).item()).toBeCloseTo(5, 6);
    expect([a.grad.item(), b.grad.item()].map(Number)).toEqual([expect.closeTo(0.6, 5), expect.closeTo(0.8, 5)]);
  });
});
