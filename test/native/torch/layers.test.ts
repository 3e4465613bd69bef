import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  arange,
  manualSeed,
  memory,
  nn,
  ones,
  ops,
  scope,
  slice,
  type Tensor,
  tensor,
} from '../../../dist/torch/index.js';
import { inGolden } from '../../support/paths.js';

interface Golden {
  shape: number[];
  names: string[];
  shapes: number[][];
  initialSha256: string;
  output: number[];
  outputShape: number[];
  inputGradient: number[];
  gradients: Record<string, number[]>;
  buffers: Record<string, number[]>;
  evalOutput: number[];
}

/** Made by test/golden/make/layers.py. */
const golden: Record<string, Golden> = JSON.parse(fs.readFileSync(inGolden('layers.json'), 'utf8'));

const layers: Record<string, () => nn.Module> = {
  linear: () => nn.linear(5, 3),
  'linear without bias': () => nn.linear(5, 3, { bias: false }),
  conv2d: () => nn.conv2d(3, 4, 3),
  'conv2d, all options': () =>
    nn.conv2d(4, 6, [3, 2], { stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2, bias: false }),
  'conv2d, padding same': () => nn.conv2d(2, 2, 3, { padding: 'same' }),
  convTranspose2d: () => nn.convTranspose2d(3, 2, 2, { stride: 2 }),
  'convTranspose2d, all options': () =>
    nn.convTranspose2d(4, 6, [3, 2], {
      stride: [2, 3],
      padding: [1, 0],
      outputPadding: [1, 2],
      groups: 2,
      dilation: [2, 1],
      bias: false,
    }),
  batchNorm2d: () => nn.batchNorm2d(3),
  'batchNorm2d, all options': () => nn.batchNorm2d(3, { eps: 1e-3, momentum: 0.25, affine: false }),
  'batchNorm2d, plain mean': () => nn.batchNorm2d(3, { momentum: null }),
  'batchNorm2d without statistics': () => nn.batchNorm2d(3, { trackRunningStats: false }),
  relu: () => nn.relu(),
  sigmoid: () => nn.sigmoid(),
  sequential: () =>
    nn.sequential(
      nn.conv2d(2, 3, 3, { padding: 1 }),
      nn.batchNorm2d(3),
      nn.relu(),
      nn.convTranspose2d(3, 1, 2, { stride: 2 }),
      nn.sigmoid(),
    ),
  conv1d: () => nn.conv1d(3, 4, 3, { stride: 2, padding: 1 }),
  'conv1d, padding same': () => nn.conv1d(2, 2, 4, { padding: 'same', dilation: 3, paddingMode: 'reflect' }),
  'conv2d, padding circular': () => nn.conv2d(2, 3, [3, 2], { padding: [2, 1], paddingMode: 'circular' }),
  'conv2d, padding replicate': () => nn.conv2d(2, 3, 3, { padding: 1, stride: 2, paddingMode: 'replicate' }),
  conv3d: () => nn.conv3d(2, 3, [1, 3, 2], { stride: [1, 2, 1], padding: [0, 1, 1] }),
  'conv3d, all options': () => nn.conv3d(4, 2, 2, { dilation: [1, 2, 1], groups: 2, bias: false, padding: 'valid' }),
  convTranspose1d: () => nn.convTranspose1d(3, 2, 3, { stride: 2, padding: 1, outputPadding: 1 }),
  convTranspose3d: () => nn.convTranspose3d(2, 4, [2, 3, 2], { stride: 2, groups: 2, bias: false }),
  batchNorm1d: () => nn.batchNorm1d(3),
  'batchNorm1d of sequences': () => nn.batchNorm1d(3, { momentum: null }),
  batchNorm3d: () => nn.batchNorm3d(2, { eps: 1e-4 }),
  instanceNorm1d: () => nn.instanceNorm1d(3),
  instanceNorm2d: () => nn.instanceNorm2d(3, { affine: true, trackRunningStats: true }),
  instanceNorm3d: () => nn.instanceNorm3d(2, { eps: 1e-3, affine: true }),
  groupNorm: () => nn.groupNorm(2, 4),
  'groupNorm, all options': () => nn.groupNorm(4, 4, { eps: 1e-3, affine: false }),
  layerNorm: () => nn.layerNorm(5),
  'layerNorm, all options': () => nn.layerNorm([3, 4], { eps: 1e-3, bias: false }),
  'layerNorm without weight': () => nn.layerNorm(4, { affine: false }),
  dropout: () => nn.dropout(0.3),
  dropout1d: () => nn.dropout1d(),
  dropout2d: () => nn.dropout2d(0.25),
  dropout3d: () => nn.dropout3d(0.75),
  maxPool1d: () => nn.maxPool1d(2),
  maxPool2d: () => nn.maxPool2d([3, 2], { stride: 2, padding: 1, ceilMode: true }),
  maxPool3d: () => nn.maxPool3d(2, { stride: 1, dilation: [1, 2, 1] }),
  avgPool1d: () => nn.avgPool1d(3, { stride: 2, padding: 1, countIncludePad: false }),
  avgPool2d: () => nn.avgPool2d(2, { ceilMode: true, divisorOverride: 3 }),
  avgPool3d: () => nn.avgPool3d([1, 2, 2], { padding: [0, 1, 1] }),
  adaptiveAvgPool1d: () => nn.adaptiveAvgPool1d(3),
  adaptiveAvgPool2d: () => nn.adaptiveAvgPool2d([2, null]),
  adaptiveAvgPool3d: () => nn.adaptiveAvgPool3d(1),
  upsample: () => nn.upsample({ scaleFactor: 2 }),
  'upsample, trilinear': () => nn.upsample({ size: [3, 4, 5], mode: 'trilinear', alignCorners: true }),
  'upsample, recomputed': () => nn.upsample({ scaleFactor: 1.7, mode: 'bicubic', recomputeScaleFactor: true }),
  embedding: () => nn.embedding(7, 3),
  'embedding, all options': () =>
    nn.embedding(7, 3, { paddingIdx: -2, maxNorm: 1.5, normType: 1, scaleGradByFreq: true }),
  tanh: () => nn.tanh(),
  gelu: () => nn.gelu(),
  'gelu, approximate': () => nn.gelu({ approximate: 'tanh' }),
  silu: () => nn.silu(),
  leakyRelu: () => nn.leakyRelu(0.2),
  elu: () => nn.elu(0.7),
  softplus: () => nn.softplus({ beta: 2, threshold: 1.5 }),
  softmax: () => nn.softmax(1),
  logSoftmax: () => nn.logSoftmax(-1),
  flatten: () => nn.flatten(),
  'flatten, some': () => nn.flatten(0, 1),
  identity: () => nn.identity(),
};

const attentions: Record<string, () => nn.MultiheadAttention> = {
  multiheadAttention: () => nn.multiheadAttention(6, 2),
  'multiheadAttention, all options': () =>
    nn.multiheadAttention(6, 3, {
      dropout: 0.2,
      bias: false,
      addBiasKv: true,
      addZeroAttn: true,
      kdim: 4,
      vdim: 5,
      batchFirst: true,
    }),
  'multiheadAttention without weights': () => nn.multiheadAttention(4, 2, { addBiasKv: true, batchFirst: true }),
};

/** How a layer is called, unless with the input alone. */
const call = (name: string, layer: nn.AnyModule, input: Tensor): Tensor => {
  if (name.startsWith('embedding'))
    return (layer as nn.Embedding).forward(ops.remainder(input.detach().mul(8).add(11).to('int64'), 7));
  if (!name.startsWith('multiheadAttention')) return (layer as nn.Module).forward(input);
  const attention = layer as nn.MultiheadAttention;
  if (name.endsWith('without weights')) return attention.forward(input, input, input, { needWeights: false })[0];
  const [key, value] = name.endsWith('all options')
    ? [input.index(':', slice(0, 3), slice(0, 4)), input.index(':', slice(1, null), slice(1, null))]
    : [input, input];
  const [output, weights] = attention.forward(input, key, value);
  return ops.cat([output.flatten(), weights!.flatten()]);
};

const flat = (tensor: Tensor): number[] => [...(tensor.detach().contiguous().data() as Float64Array)].map(Number);

const expectClose = (found: number[], wanted: number[], what: string) => {
  expect(found.length, what).toBe(wanted.length);
  const furthest = Math.max(
    0,
    ...found.map((value, i) => Math.abs(value - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!))),
  );
  expect(furthest, what).toBeLessThan(1e-12);
};

/** As layers.py makes it: exact in float64. */
const inputOf = (shape: number[]): Tensor => {
  const numel = shape.reduce((product, size) => product * size, 1);
  const values = Float64Array.from({ length: numel }, (_, i) => (((i * 37) % 23) - 11) / 8);
  const input = arange(0, numel, 1, { dtype: 'float64' });
  (input.data() as Float64Array).set(values);
  const shaped = input.view(...shape).clone();
  shaped.requiresGrad = true;
  return shaped;
};

describe('the layers beside PyTorch in float64', () => {
  it('are all compared', () => expect(Object.keys({ ...layers, ...attentions })).toEqual(Object.keys(golden)));

  for (const [name, make] of Object.entries<() => nn.AnyModule>({ ...layers, ...attentions }))
    it(`${name}: state names, initial values of a seed, forward, backward, buffers, eval`, () =>
      scope(() => {
        const wanted = golden[name]!;
        manualSeed(7);
        const layer = make();
        const initial = layer.stateDict();
        expect([...initial.keys()]).toEqual(wanted.names);
        expect([...initial.values()].map(({ shape }) => shape)).toEqual(wanted.shapes);
        const digest = createHash('sha256');
        for (const tensor of initial.values())
          if (tensor.dim > 0) digest.update(new Uint8Array(tensor.data().buffer as ArrayBuffer));
        expect(digest.digest('hex'), 'every bit of the initial values').toBe(wanted.initialSha256);

        layer.to('float64');
        const input = inputOf(wanted.shape);
        let output!: Tensor;
        for (let step = 0; step < 2; step++) {
          layer.zeroGrad();
          input.grad = null;
          output = call(name, layer, input);
          output.mul(output).sum().backward();
        }
        expect(output.shape).toEqual(wanted.outputShape);
        expectClose(flat(output), wanted.output, 'output');
        expectClose(input.grad === null ? [] : flat(input.grad), wanted.inputGradient, 'gradient of the input');
        const parameters = layer.namedParameters();
        expect([...parameters.keys()].sort()).toEqual(Object.keys(wanted.gradients).sort());
        for (const [key, tensor] of parameters)
          expectClose(flat(tensor.grad!), wanted.gradients[key]!, `gradient of ${key}`);
        const buffers = layer.namedBuffers();
        expect([...buffers.keys()].sort()).toEqual(Object.keys(wanted.buffers).sort());
        for (const [key, tensor] of buffers)
          expectClose(tensor.dim === 0 ? [Number(tensor.item())] : flat(tensor), wanted.buffers[key]!, key);
        expectClose(flat(call(name, layer.eval(), input)), wanted.evalOutput, 'output of eval()');
        layer.dispose();
      }));

  it('forwardAsync gives the same, for every layer', async () => {
    for (const [name, make] of Object.entries(layers)) {
      if (name.startsWith('embedding') || name.startsWith('dropout')) continue;
      const layer = make().eval().to('float64') as nn.Module;
      const input = inputOf(golden[name]!.shape);
      const found = await layer.forwardAsync(input);
      expect(found.toArray(), name).toEqual(layer.forward(input).toArray());
    }
    const rows = nn.embedding(5, 2);
    const places = arange(0, 4, 1, { dtype: 'int64' });
    expect((await rows.forwardAsync(places)).toArray()).toEqual(rows.forward(places).toArray());
    await expect(nn.embedding(5, 2, { maxNorm: 1 }).forwardAsync(places)).rejects.toThrow(/maxNorm changes the weight/);
    manualSeed(3);
    const dropped = (await nn.dropout(0.5).forwardAsync(ones([20]))).toArray();
    manualSeed(3);
    expect(dropped).toEqual(
      nn
        .dropout(0.5)
        .forward(ones([20]))
        .toArray(),
    );
    await expect(nn.batchNorm1d(2).forwardAsync(ones([1, 2]))).rejects.toThrow(/1 values per channel/);
    await expect(nn.multiheadAttention(2, 1).forwardAsync(ones([1, 2]), ones([1, 2]), ones([1, 2]))).rejects.toThrow(
      expect.objectContaining({ code: 'no-async-forward' }),
    );
  });

  it('a forward leaves one handle, its result, and dispose() frees the rest', () => {
    for (const [name, make] of Object.entries<() => nn.AnyModule>({ ...layers, ...attentions })) {
      if (name === 'sequential') continue; // leaves the results between its modules to the scope
      const input = scope(() => inputOf(golden[name]!.shape));
      const before = memory().handles;
      const layer = make().to('float64');
      const held = memory().handles;
      if (!name.startsWith('multiheadAttention') && !name.startsWith('embedding')) {
        const output = (layer as nn.Module).forward(input);
        expect(memory().handles - held, name).toBe(output === input ? 0 : 1);
        if (output !== input) output.dispose();
      } else if (name === 'multiheadAttention') {
        const results = (layer as nn.MultiheadAttention).forward(input, input, input);
        expect(memory().handles - held, name).toBe(2);
        for (const result of results) result!.dispose();
      }
      layer.dispose();
      expect(memory().handles, name).toBe(before);
      input.dispose();
    }
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a size of 0', () => nn.linear(0, 3), /nn\.linear: inFeatures: .*>=1/],
    ['a size that is not an integer', () => nn.conv2d(1, 1.5, 3), /nn\.conv2d: outChannels: /],
    ['an unknown option', () => nn.conv2d(1, 1, 3, { stides: 2 } as never), /nn\.conv2d: .*"stides"/],
    [
      'groups that do not divide',
      () => nn.conv2d(3, 4, 1, { groups: 2 }),
      /nn\.conv2d: groups: inChannels and outChannels/,
    ],
    ['a kernel of three sizes', () => nn.conv2d(1, 1, [1, 2, 3] as never), /nn\.conv2d: kernel: /],
    [
      "padding 'same' with a stride",
      () => nn.conv2d(1, 1, 3, { stride: 2, padding: 'same' }),
      /padding: 'same' is supported only with stride 1/,
    ],
    ['a negative padding', () => nn.convTranspose2d(1, 1, 3, { padding: -1 }), /nn\.convTranspose2d: padding: /],
    [
      'padding of half the kernel and one',
      () => nn.maxPool2d(2, { padding: 2 }),
      /nn\.maxPool2d: padding: must be at most/,
    ],
    [
      'a divisor in one dimension',
      () => nn.avgPool1d(2, { divisorOverride: 3 } as never),
      /nn\.avgPool1d: .*divisorOverride/,
    ],
    ['a divisor of 0', () => nn.avgPool2d(2, { divisorOverride: 0 }), /nn\.avgPool2d: divisorOverride: /],
    ['heads that do not divide', () => nn.multiheadAttention(5, 2), /embedDim: must be divisible by heads/],
    ['groups that do not divide the channels', () => nn.groupNorm(2, 3), /channels: must be divisible by groups/],
    ['no mode of padding', () => nn.conv1d(1, 1, 3, { paddingMode: 'zero' as never }), /nn\.conv1d: paddingMode: /],
    ['three sizes of a sequence', () => nn.conv1d(1, 1, [1, 2, 3] as never), /nn\.conv1d: kernel: /],
    [
      'a padding row outside',
      () => nn.embedding(3, 2, { paddingIdx: 3 }),
      /nn\.embedding: paddingIdx: must be the place/,
    ],
    ['names of Python', () => nn.embedding(3, 2, { padding_idx: 1 } as never), /nn\.embedding: .*"padding_idx"/],
    ['a probability over one', () => nn.dropout2d(1.1), /nn\.dropout2d: p: /],
    ['no size of an upsampling', () => nn.upsample({}), /found neither size and scaleFactor/],
    ['a size of NaN', () => nn.adaptiveAvgPool2d([1, Number.NaN]), /nn\.adaptiveAvgPool2d: outputSize/],
    ['no normalized shape', () => nn.layerNorm([]), /nn\.layerNorm: shape: /],
    ['a dimension that is not an integer', () => nn.softmax(0.5), /nn\.softmax: dim: /],
    ['a momentum of null without a count', () => nn.instanceNorm1d(1, { momentum: null as never }), /momentum: /],
    ['a momentum over one', () => nn.batchNorm2d(1, { momentum: 2 }), /nn\.batchNorm2d: momentum: /],
    ['a function instead of a module', () => nn.sequential(nn.relu as never), /argument 0 is function, .*nn\.relu\(\)/],
  ])('%s is refused with its place', (_, make, message) => {
    expect(make).toThrow(message);
  });

  it('an input that does not fit is one error naming the layer', () => {
    expect(() => nn.batchNorm2d(3).forward(ones([3, 4]))).toThrow(/shape \[3,4\], expected \[B, channels, H, W\]/);
    expect(() => nn.linear(5, 3).forward(ones([2, 4]))).toThrow(/linear/);
    expect(() => nn.batchNorm1d(3).forward(ones([2, 3, 4, 5]))).toThrow(
      /expected \[B, channels\] or \[B, channels, L\]/,
    );
    expect(() => nn.batchNorm3d(3).forward(ones([1, 3, 1, 1, 1]))).toThrow(/nn\.batchNorm3d: .*1 values per channel/);
    expect(() => nn.instanceNorm2d(3).forward(ones([4, 3, 1, 1]))).toThrow(/1 values per channel of a sample/);
    expect(
      nn
        .batchNorm1d(3)
        .eval()
        .forward(ones([1, 3])).shape,
      'running statistics',
    ).toEqual([1, 3]);
    expect(() => nn.groupNorm(3, 3).forward(ones([1, 3, 1]))).toThrow(/nn\.groupNorm: .*1 values per group/);
    expect(() => nn.dropout2d().forward(ones([2, 3]))).toThrow(/shape \[2,3\], expected \[B, channels, H, W\]/);
    expect(() => nn.embedding(3, 2).forward(tensor([7n]))).toThrow(/out of range/);
    expect(() => nn.embedding(3, 2, { maxNorm: 1 }).forward(tensor([-1n]))).toThrow(/range|index/);
    expect(() => nn.adaptiveAvgPool2d(1).forward(3 as never)).toThrow(
      expect.objectContaining({
        name: 'NoduleTrainError',
        message: expect.stringMatching(/is number, expected a Tensor/),
      }),
    );
  });
});
