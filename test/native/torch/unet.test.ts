import { describe, expect, it } from 'vitest';
import { memory, nn, ones, randn, scope, zeros } from '../../../dist/torch/index.js';

const small = { inChannels: 2, classes: 1, depth: 3, wf: 2, padding: true } as const;
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'no error';
};

describe('nn.unet', () => {
  it("has pytorch-unet's defaults", () => {
    const { depth, wf, padding, batchNorm, upMode, pooling, inputNorm, sigmoid } = nn.unet().options;
    expect({ depth, wf, padding, batchNorm, upMode, pooling, inputNorm, sigmoid }).toEqual({
      depth: 5,
      wf: 6,
      padding: false,
      batchNorm: false,
      upMode: 'upconv',
      pooling: 'max',
      inputNorm: false,
      sigmoid: false,
    });
  });

  it('names every missing, unexpected and mis-shaped key, and changes nothing', () => {
    const net = nn.unet(small);
    const before = net.namedParameters().get('last.bias')!.item();
    const state = new Map(net.stateDict());
    state.delete('last.weight');
    state.set('extra', zeros([1]));
    state.set('last.bias', zeros([3]));
    expect(() => net.loadStateDict(state)).toThrow(
      /missing: last\.weight; unexpected: extra; of another shape: last\.bias is \[3\], expected \[1\]/,
    );
    expect(net.namedParameters().get('last.bias')!.item()).toBe(before);
  });

  it('ignores missing and unexpected keys with strict: false, never a wrong shape', () => {
    const net = nn.unet(small);
    net.loadStateDict({ 'last.bias': ones([1]), extra: zeros([1]) }, { strict: false });
    expect(net.namedParameters().get('last.bias')!.item()).toBe(1);
    expect(codeOf(() => net.loadStateDict({ 'last.bias': ones([2]) }, { strict: false }))).toBe('state-dict');
  });

  it('refuses an input of the wrong channels, dimensions or size, and names the expected one', () => {
    const net = nn.unet(small);
    expect(() => net.forward(zeros([1, 3, 8, 8]))).toThrow(/3 channels, expected 2/);
    expect(() => net.forward(zeros([2, 8, 8]))).toThrow(/expected \[batch, 2, height, width\]/);
    expect(() => net.forward(zeros([1, 2, 3, 8]))).toThrow(
      /too small for depth 3 with padding, expected at least 4 x 4/,
    );
    expect(() => nn.unet({ ...small, padding: false }).forward(zeros([1, 2, 43, 64]))).toThrow(/at least 44 x 44/);
    expect(nn.unet({ ...small, padding: false }).forward(zeros([1, 2, 44, 44])).shape).toEqual([1, 1, 4, 4]);
  });

  it('refuses unknown and impossible options by name', () => {
    expect(() => nn.unet({ depth: 0 })).toThrow(/option depth/);
    expect(() => nn.unet({ pooling: 'mean' as 'max' })).toThrow(/option pooling/);
    expect(codeOf(() => nn.unet({ dept: 3 } as never))).toBe('unet-options');
    expect(codeOf(() => nn.unet({ depth: 12, wf: 14 }))).toBe('unet-options');
  });

  it('keeps its parameters when the scope it was made in ends, and frees them by dispose', () => {
    const before = memory().handles;
    const net = scope(() => nn.unet(small));
    const output = scope(() => net.forward(randn([1, 2, 8, 8])));
    expect(output.shape).toEqual([1, 1, 8, 8]);
    output.dispose();
    net.dispose();
    expect(memory().handles).toBe(before);
    expect(() => net.forward(zeros([1, 2, 8, 8]))).toThrow(/disposed/);
  });

  it('to() changes dtype in place: the parameters and their gradients stay the same objects', () => {
    const net = nn.unet({ ...small, batchNorm: true });
    const weight = net.namedParameters().get('last.weight')!;
    net
      .forward(zeros([2, 2, 8, 8]))
      .sum()
      .backward();
    net.to('float64');
    expect(net.namedParameters().get('last.weight')).toBe(weight);
    expect([weight.dtype, weight.grad!.dtype]).toEqual(['float64', 'float64']);
    expect(net.stateDict().get('down_path.0.block.2.num_batches_tracked')!.dtype).toBe('int64');
    expect(net.forward(zeros([2, 2, 8, 8], { dtype: 'float64' })).dtype).toBe('float64');
  });

  it("init 'kaiming' draws weights of deviation sqrt(2 / fan out) and biases of the book's fault 14 or without it", () => {
    const spread = (values: number[]) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)] as const;
    };
    const flat = (net: nn.UNet, name: string) => [...(net.stateDict().get(name)!.data() as Float32Array)];
    const options = { inChannels: 16, classes: 1, depth: 1, wf: 9, init: 'kaiming' } as const;
    const net = nn.unet({ ...options, biasInit: 'normal' });
    const fanOut = 512 * 9;
    expect(spread(flat(net, 'down_path.0.block.0.weight'))[1] / Math.sqrt(2 / fanOut)).toBeCloseTo(1, 1);
    const [mean, deviation] = spread(flat(net, 'down_path.0.block.0.bias'));
    expect(mean * Math.sqrt(fanOut)).toBeCloseTo(-1, 0);
    expect(deviation * Math.sqrt(fanOut)).toBeCloseTo(1, 0);
    const uniform = flat(nn.unet(options), 'down_path.0.block.0.bias').map((value) => Math.abs(value));
    expect(Math.max(...uniform)).toBeLessThanOrEqual(1 / Math.sqrt(fanOut));
    expect(Math.max(...uniform)).toBeGreaterThan(0.9 / Math.sqrt(fanOut));
  });
});
