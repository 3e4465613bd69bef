import { afterAll, describe, expect, it } from 'vitest';
import {
  getNumThreads,
  manualSeed,
  memory,
  nn,
  noGrad,
  op,
  ops,
  randn,
  scope,
  setNumThreads,
  type Tensor,
} from '../../../dist/torch/index.js';

const BOOK = {
  inChannels: 7,
  classes: 1,
  depth: 3,
  wf: 4,
  padding: true,
  batchNorm: true,
  pooling: 'avg',
  inputNorm: true,
  sigmoid: true,
} satisfies nn.UNetOptions;

/** A network with weights and statistics as far from their initial values as training brings them. */
const network = (options: nn.UNetOptions): nn.UNet => {
  manualSeed(7);
  const net = nn.unet({ ...options, init: 'kaiming' });
  scope(() =>
    noGrad(() => {
      for (const { name, tensor } of net.entries()) {
        if (name.endsWith('running_mean')) tensor.copy_(randn(tensor.shape).mul(0.3));
        else if (name.endsWith('running_var')) tensor.copy_(randn(tensor.shape).abs().add(0.5));
        else if (tensor.shape.length === 1 && tensor.dtype === 'float32') tensor.add_(randn(tensor.shape).mul(0.1));
      }
    }),
  );
  return net.eval();
};
const prepared = (net: nn.UNet): nn.UNet => {
  const copy = nn.unet(net.options);
  copy.loadStateDict(net.stateDict());
  return copy.eval().prepareInference();
};
const values = (x: Tensor): Float32Array => x.contiguous().data() as Float32Array;
const furthest = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item() as number;
/** The largest difference, in parts of the largest value if that is above 1. */
const difference = (net: nn.UNet, fast: nn.UNet, image: Tensor): number =>
  scope(() =>
    noGrad(() => {
      const expected = net.forward(image);
      const found = fast.forward(image);
      expect(found.shape).toEqual(expected.shape);
      return furthest(expected, found) / Math.max(1, expected.abs().max().item() as number);
    }),
  );

const threads = getNumThreads();
afterAll(() => setNumThreads(threads));

describe('a network prepared for inference', () => {
  const variants: [string, nn.UNetOptions][] = [
    ["the book's", BOOK],
    ['maximum pooling', { ...BOOK, pooling: 'max' }],
    ['bilinear upsampling', { ...BOOK, upMode: 'upsample' }],
    ['without batch norm', { ...BOOK, batchNorm: false, inputNorm: false }],
    ['logits of 17 classes', { ...BOOK, classes: 17, sigmoid: false }],
    ['one level', { ...BOOK, depth: 1 }],
    ['two levels', { ...BOOK, depth: 2, wf: 5 }],
    ['four levels, logits', { ...BOOK, depth: 4, sigmoid: false }],
    ['five levels of 4 to 64 channels', { ...BOOK, depth: 5, wf: 2 }],
    ['one channel in the first level', { ...BOOK, wf: 0 }],
    ['40 input channels', { ...BOOK, inChannels: 40 }],
    ['without padding', { ...BOOK, padding: false, sigmoid: false }],
    ['without padding, bilinear', { ...BOOK, padding: false, upMode: 'upsample', depth: 2 }],
    ['without padding, one level', { ...BOOK, padding: false, depth: 1 }],
  ];
  it.each(variants)('gives the probabilities of the layers: %s', (_name, options) => {
    const net = network(options);
    const fast = prepared(net);
    for (const threads of [1, 2]) {
      setNumThreads(threads);
      for (const [batch, height, width] of [
        [1, 64, 64],
        [3, 45, 83],
        [2, 91, 70],
        [1, 161, 46],
      ] as const) {
        const image = randn([batch, options.inChannels!, height, width]);
        expect(difference(net, fast, image)).toBeLessThan(1e-5);
        image.dispose();
      }
    }
  });

  it.each([
    [1, 4],
    [1, 512],
    [4, 5],
    [7, 4],
    [68, 132],
  ])('handles images of %i×%i', (height, width) => {
    const net = network({ ...BOOK, depth: 1 });
    expect(difference(net, prepared(net), randn([1, 7, height, width]))).toBeLessThan(1e-5);
    if (height < 4) return;
    const deep = network(BOOK);
    expect(difference(deep, prepared(deep), randn([2, 7, height, width]))).toBeLessThan(1e-5);
  });

  it('accepts an image that is not contiguous, and no images', () =>
    noGrad(() => {
      const net = network(BOOK);
      const fast = prepared(net);
      const image = op('aten::transpose.int')(randn([2, 7, 40, 60]), 2, 3) as Tensor;
      expect(difference(net, fast, image)).toBeLessThan(1e-5);
      expect(fast.forward(randn([0, 7, 32, 32])).shape).toEqual([0, 1, 32, 32]);
    }));

  it('gives the same bits for every number of threads, batch and repetition', () =>
    noGrad(() => {
      const fast = prepared(network(BOOK));
      const images = randn([3, 7, 136, 150]);
      setNumThreads(1);
      const first = values(fast.forward(images));
      setNumThreads(2);
      expect(values(fast.forward(images))).toEqual(first);
      const size = first.length / 3;
      for (let n = 0; n < 3; ++n)
        expect(values(fast.forward(ops.narrow(images, 0, n, 1)))).toEqual(first.slice(n * size, (n + 1) * size));
    }));

  it('gives the same bits inside a crop at multiples of 16', () =>
    noGrad(() => {
      const fast = prepared(network(BOOK));
      const image = randn([1, 7, 160, 176]);
      const cut = (x: Tensor, y: number, rows: number, left: number, columns: number) =>
        ops.narrow(ops.narrow(x, 2, y, rows), 3, left, columns);
      const whole = cut(fast.forward(image), 64, 32, 64, 48);
      const inside = cut(fast.forward(cut(image, 32, 96, 16, 144)), 32, 32, 48, 48);
      expect(values(inside)).toEqual(values(whole));
    }));

  it('gives probabilities of 0 and 1, and NaN for NaN', () =>
    noGrad(() => {
      const net = network({ ...BOOK, depth: 1 });
      const last = net.entries().find(({ name }) => name.endsWith('last.weight'))!.tensor;
      const image = randn([1, 7, 32, 40]);
      const [up, down] = [1e4, -1].map((factor) => {
        last.mul_(factor);
        const fast = prepared(net);
        expect(difference(net, fast, image)).toBeLessThan(1e-5);
        return fast.forward(image).mean().item();
      });
      expect([up, down].sort()).toEqual([expect.closeTo(0, 2), expect.closeTo(1, 2)]);
      const fast = prepared(net);
      expect(values(fast.forward(image.mul(Number.NaN))).every(Number.isNaN)).toBe(true);
    }));

  it('uses the weights of the moment', () => {
    const net = network(BOOK);
    const fast = prepared(net);
    const image = randn([1, 7, 32, 32]);
    expect(difference(net, fast, image)).toBeLessThan(1e-5);
    for (const of of [net, fast])
      noGrad(() =>
        of
          .entries()
          .find(({ name }) => name.endsWith('last.bias'))!
          .tensor.add_(1),
      );
    expect(difference(net, fast, image)).toBeLessThan(1e-5);
    const other = network({ ...BOOK, init: 'kaiming', biasInit: 'normal' });
    fast.loadStateDict(other.stateDict());
    expect(difference(other, fast, image)).toBeLessThan(1e-5);
  });

  it('runs its layers where they are needed: training, gradients, float64, many channels', () => {
    const net = network(BOOK);
    const fast = prepared(net);
    const image = randn([2, 7, 32, 32]);
    const output = (of: nn.UNet, x = image) => values(of.forward(x).detach());
    expect(output(fast)).toEqual(output(net));
    expect(fast.forward(image).requiresGrad).toBe(true);
    noGrad(() => expect(output(fast.train())).toEqual(output(net.train())));
    fast.eval().to('float64');
    expect(noGrad(() => fast.forward(image.to('float64'))).dtype).toBe('float64');
    const wide = network({ ...BOOK, depth: 2, wf: 8 });
    noGrad(() => expect(output(prepared(wide))).toEqual(output(wide)));
  });

  it('reports an image that does not fit', () => {
    const fast = prepared(network(BOOK));
    noGrad(() => {
      expect(() => fast.forward(randn([1, 6, 32, 32]))).toThrow('has 6 channels, expected 7');
      expect(() => fast.forward(randn([1, 7, 3, 32]))).toThrow('too small for depth 3');
      fast.dispose();
      expect(() => fast.forward(randn([1, 7, 32, 32]))).toThrow('disposed');
    });
  });

  it('keeps no memory from one run to the next', () => {
    const fast = prepared(network(BOOK));
    const run = () => scope(() => noGrad(() => values(fast.forward(randn([2, 7, 64, 64])))));
    run();
    const before = memory();
    for (let i = 0; i < 5; ++i) run();
    expect(memory().cpu).toBe(before.cpu);
    expect(memory().handles).toBe(before.handles);
  });
});
