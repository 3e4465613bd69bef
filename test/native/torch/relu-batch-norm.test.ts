import { describe, expect, it } from 'vitest';
import {
  autograd,
  fromData,
  manualSeed,
  nn,
  noGrad,
  ones,
  op,
  rand,
  randn,
  setNumThreads,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';

const fused = op('nodule::relu_batch_norm');
const batchNorm = op('aten::batch_norm');
const channelsLast = (x: Tensor) => (op('aten::contiguous')(x, { memory_format: 'channels_last' }) as Tensor).detach();
const isChannelsLast = (x: Tensor) => op('aten::stride.int')(x, 1) === 1;
const values = (x: Tensor): number[] => Array.from(x.detach().to('float64').contiguous().data() as Float64Array);
const furthest = (a: Tensor, b: Tensor) => {
  const other = values(b);
  return values(a).reduce((most, value, at) => Math.max(most, Math.abs(value - other[at]!)), 0);
};
const learned = (x: Tensor) => {
  const own = x.detach();
  own.requiresGrad = true;
  return own;
};

/** Neumaier's compensated sum. */
const exactSum = (terms: readonly number[]): number => {
  let [sum, lost] = [0, 0];
  for (const term of terms) {
    const next = sum + term;
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
  }
  return sum + lost;
};

type Dtype = 'float64' | 'float32' | 'bfloat16';
type Run = Record<'y' | 'x' | 'weight' | 'bias' | 'mean' | 'variance', Tensor>;

/** ReLU and batch norm in training, and their gradients: ours, or ATen's two operators. */
function run(given: { x: Tensor; weight: Tensor; bias: Tensor; g: Tensor }, dtype: Dtype, last: boolean | 'aten'): Run {
  const parameterType = dtype === 'bfloat16' ? 'float32' : dtype;
  const x = learned(last === true ? channelsLast(given.x.to(dtype)) : given.x.to(dtype).clone());
  const [weight, bias] = [given.weight, given.bias].map((one) => learned(one.to(parameterType).clone()));
  const [mean, variance] = [
    zeros([x.shape[1]!], { dtype: parameterType }),
    ones([x.shape[1]!], { dtype: parameterType }),
  ];
  const y =
    last === 'aten'
      ? batchNorm(x.relu(), weight!, bias!, mean, variance, true, 0.1, 1e-5, false)
      : fused(x, weight!, bias!, mean, variance, true, 0.1, 1e-5);
  (y as Tensor).backward(given.g.to(dtype));
  return { y: y as Tensor, x: x.grad!, weight: weight!.grad!, bias: bias!.grad!, mean, variance };
}

const givenOf = (shape: readonly number[]) => {
  manualSeed(4);
  const [x, g] = [randn(shape, { dtype: 'float64' }).mul(2).add(1), randn(shape, { dtype: 'float64' })];
  const channels = [shape[1]!];
  return { x, g, weight: rand(channels, { dtype: 'float64' }).add(0.5), bias: randn(channels, { dtype: 'float64' }) };
};

// Channels that divide the SIMD width, that it divides, and neither; planes and pixels with a remainder.
const shapes = [
  [4, 16, 64, 64],
  [2, 8, 7, 9],
  [3, 64, 8, 8],
  [2, 128, 3, 3],
  [2, 3, 33, 5],
  [1, 1, 9, 9],
  [5, 32, 1, 1],
] as const;

describe('nodule::relu_batch_norm', () => {
  it.each(shapes)('in training is ATen in float64, gradients and running statistics too: %i×%i×%i×%i', (...shape) => {
    const given = givenOf(shape);
    const want = run(given, 'float64', 'aten');
    for (const last of [false, true]) {
      const found = run(given, 'float64', last);
      for (const name of Object.keys(want) as (keyof Run)[])
        expect(furthest(found[name], want[name]), name).toBeLessThan(1e-11);
      // The error of rounding to float32; ATen's channels-last batch norm is off by 3e-4.
      const single = run(given, 'float32', last);
      for (const name of ['y', 'x', 'mean', 'variance'] as const)
        expect(furthest(single[name], want[name]), name).toBeLessThan(4e-6);
      const half = run(given, 'bfloat16', last);
      for (const name of ['y', 'x'] as const) expect(furthest(half[name], want[name]), name).toBeLessThan(0.06);
      expect(half.y.dtype).toBe('bfloat16');
    }
  });

  it('has derivatives of the second order too', () => {
    const given = givenOf([2, 4, 3, 3]);
    const second = (last: boolean | 'aten') => {
      const x = learned(last === true ? channelsLast(given.x) : given.x.clone());
      const [weight, bias] = [given.weight, given.bias].map((one) => learned(one.clone()));
      const [mean, variance] = [zeros([4], { dtype: 'float64' }), ones([4], { dtype: 'float64' })];
      const y = (
        last === 'aten'
          ? batchNorm(x.relu(), weight!, bias!, mean, variance, true, 0.1, 1e-5, false)
          : fused(x, weight!, bias!, mean, variance, true, 0.1, 1e-5)
      ) as Tensor;
      const first = autograd.grad([y.mul(y).mul(given.g).sum()], [x, weight!, bias!], {
        createGraph: true,
      }) as Tensor[];
      const loss = first.map((one) => one.mul(one).sum()).reduce((sum, one) => sum.add(one));
      return autograd.grad([loss], [x, weight!, bias!]) as Tensor[];
    };
    const want = second('aten');
    for (const last of [false, true])
      for (const [n, found] of second(last).entries())
        expect(furthest(found, want[n]!) / Math.max(...values(want[n]!).map(Math.abs))).toBeLessThan(1e-10);
  });

  it('keeps the layout of its input, and gives the same bits for any number of threads', () => {
    const given = givenOf([4, 16, 40, 40]);
    const bits = [1, 2].map((threads) => {
      setNumThreads(threads);
      return [false, true].map((last) => {
        const found = run(given, 'float32', last);
        expect(isChannelsLast(found.y)).toBe(last);
        expect(isChannelsLast(found.x)).toBe(last);
        return Object.values(found).map(values);
      });
    });
    setNumThreads(1);
    expect(bits[1]).toEqual(bits[0]);
  });

  it('does not lose the variance of a channel whose mean is far from 0', () => {
    const x = randn([2, 8, 16, 16], { dtype: 'float64' }).mul(1e-2).add(100).to('float32');
    const given = { ...givenOf([2, 8, 16, 16]), x };
    const want = run({ ...given, x: x.to('float64') }, 'float64', 'aten');
    for (const last of [false, true]) expect(furthest(run(given, 'float32', last).y, want.y)).toBeLessThan(2e-3);
  });

  it('in float64 computes mean and variance to the last digits, like compensated sums', () => {
    manualSeed(1);
    const x = randn([2, 3, 90, 70], { dtype: 'float64' }).add(0.5);
    const wanted = [0, 1, 2].map((channel) => {
      const own = values(x.select(1, channel).relu());
      const mean = exactSum(own) / own.length;
      return [mean, exactSum(own.map((value) => (value - mean) ** 2)) / (own.length - 1)];
    });
    for (const input of [x, channelsLast(x)]) {
      const [mean, variance] = [zeros([3], { dtype: 'float64' }), zeros([3], { dtype: 'float64' })];
      const [weight, bias] = [ones([3], { dtype: 'float64' }), zeros([3], { dtype: 'float64' })];
      fused(input, weight, bias, mean, variance, true, 1, 1e-5);
      for (const [channel, [m, v]] of wanted.entries()) {
        expect(Math.abs(values(mean)[channel]! - m!)).toBeLessThan(4e-16);
        expect(Math.abs(values(variance)[channel]! - v!)).toBeLessThan(4e-16);
      }
    }
  });

  it('outside training uses the running statistics, with and without gradients', () => {
    const { x, weight, bias } = givenOf([2, 16, 9, 9]);
    const [mean, variance] = [randn([16], { dtype: 'float64' }), rand([16], { dtype: 'float64' }).add(0.1)];
    const want = batchNorm(x.relu(), weight, bias, mean, variance, false, 0.1, 1e-5, false) as Tensor;
    for (const input of [x, channelsLast(x), learned(x.clone())]) {
      const found = fused(input, weight, bias, mean, variance, false, 0.1, 1e-5) as Tensor;
      expect(furthest(found, want)).toBeLessThan(1e-12);
      expect(found.requiresGrad).toBe(input.requiresGrad);
    }
  });

  it('propagates NaN, as ReLU does', () => {
    const x = tensor([[[[1, Number.NaN, -2, 3]]]]);
    const [one, zero] = [ones([1]), zeros([1])];
    const found = fused(x, one, zero, zero, one, false, 0.1, 0) as Tensor;
    expect(found.toArray()).toEqual([[[[1, Number.NaN, 0, 3]]]]);
    const trained = fused(x, one, zero, zeros([1]), ones([1]), true, 0.1, 1e-5) as Tensor;
    expect((trained.toArray() as number[][][][]).flat(3).every(Number.isNaN)).toBe(true);
  });

  it('refuses shapes, types and single values that do not fit, by name', () => {
    const [x, c4, c3] = [randn([2, 4, 3, 3]), ones([4]), ones([3])];
    expect(() => fused(x, c3, c4, c4, c4, true, 0.1, 1e-5)).toThrow(
      'has shape [3], expected [4] for an input of shape',
    );
    expect(() => fused(ones([2, 4]), c4, c4, c4, c4, true, 0.1, 1e-5)).toThrow('expected [B, C, H, W]');
    expect(() => fused(ones([2, 4, 3, 3], { dtype: 'int64' }), c4, c4, c4, c4, true, 0.1, 1e-5)).toThrow('floating');
    expect(() => fused(ones([1, 4, 1, 1]), c4, c4, c4, c4, true, 0.1, 1e-5)).toThrow('more than one value');
  });
});

describe('a U-Net with channels-last values', () => {
  const options = {
    inChannels: 1,
    classes: 1,
    depth: 3,
    wf: 3,
    padding: true,
    batchNorm: true,
    sigmoid: true,
  } as const;
  const image = fromData(
    Float32Array.from({ length: 2 * 24 * 24 }, (_, at) => Math.sin(at)),
    [2, 1, 24, 24],
  );

  it('is the same function with the same gradients, and keeps the layout of the weights', () => {
    manualSeed(8);
    const plain = nn.unet(options);
    const last = nn.unet({ ...options, channelsLast: true });
    last.loadStateDict(plain.stateDict());
    const outputs = [plain, last].map((net) => {
      const found = net.forward(image);
      found.sum().backward();
      return found;
    });
    expect(furthest(outputs[1]!, outputs[0]!)).toBeLessThan(1e-5);
    const gradients = [plain, last].map((net) => net.parameters().map(({ grad }) => grad!));
    const scale = Math.max(...gradients[0]!.flatMap(values).map(Math.abs));
    for (const [n, grad] of gradients[0]!.entries())
      expect(furthest(gradients[1]![n]!, grad) / scale).toBeLessThan(1e-4);
    expect(last.parameters().filter(({ isContiguous }) => !isContiguous)).toEqual([]);
    for (const net of [plain, last]) net.eval();
    expect(
      furthest(
        noGrad(() => last.forward(image)),
        noGrad(() => plain.forward(image)),
      ),
    ).toBeLessThan(1e-5);
  });
});
