import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  fromData,
  functional,
  manualSeed,
  nn,
  ones,
  randn,
  scope,
  type Tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { inSupport } from '../../support/paths.js';
import { pythonInterpreter } from '../../support/python.js';

interface Recipe {
  shape: number[];
  seed?: number;
  kind?: 'float' | 'label' | 'bool' | 'probability';
  classes?: number;
  grad?: boolean;
}
interface Case {
  name: string;
  args: unknown[];
  options?: Record<string, unknown>;
}

const x = (...shape: number[]): Recipe => ({ shape });
const y = (...shape: number[]): Recipe => ({ shape, seed: 1 });
const fixed = (...shape: number[]): Recipe => ({ shape, seed: 2, grad: false });
const probability = (...shape: number[]): Recipe => ({ shape, seed: 3, kind: 'probability' });
const labels = (classes: number, ...shape: number[]): Recipe => ({ shape, seed: 4, kind: 'label', classes });
const mask = (...shape: number[]): Recipe => ({ shape, seed: 5, kind: 'bool' });
const each = <T>(values: readonly T[], make: (value: T) => Case): Case[] => values.map(make);
const REDUCTIONS = ['none', 'mean', 'sum'] as const;

const cases: Case[] = [
  ...each(
    ['relu', 'relu6', 'silu', 'mish', 'tanh', 'sigmoid', 'logsigmoid', 'hardswish', 'hardsigmoid', 'selu', 'gelu'],
    (name) => ({ name, args: [x(3, 5)] }),
  ),
  { name: 'gelu', args: [x(9)], options: { approximate: 'tanh' } },
  { name: 'prelu', args: [x(2, 3), y(3)] },
  { name: 'leakyRelu', args: [x(9)], options: { negativeSlope: 0.3 } },
  { name: 'elu', args: [x(9)], options: { alpha: 0.4 } },
  { name: 'celu', args: [x(9)], options: { alpha: 0.4 } },
  { name: 'softplus', args: [x(9)], options: { beta: 2, threshold: 1 } },
  { name: 'hardtanh', args: [x(9)], options: { minVal: -0.5, maxVal: 0.7 } },
  { name: 'glu', args: [x(4, 6)] },
  { name: 'softmax', args: [x(3, 4), -1], options: { dtype: 'float32' } },
  { name: 'softmin', args: [x(3, 4), 0] },
  { name: 'logSoftmax', args: [x(3, 4), 1] },

  ...each(['nearest', 'nearest-exact', 'area'], (mode) => ({
    name: 'interpolate',
    args: [x(2, 2, 5)],
    options: { mode, size: 3 },
  })),
  ...each(['nearest', 'nearest-exact', 'area', 'bilinear', 'bicubic'], (mode) => ({
    name: 'interpolate',
    args: [x(1, 2, 4, 5)],
    options: { mode, scaleFactor: [1.6, 0.7] },
  })),
  ...each(['nearest', 'nearest-exact', 'area', 'trilinear'], (mode) => ({
    name: 'interpolate',
    args: [x(1, 1, 2, 3, 4)],
    options: { mode, scaleFactor: 1.7, recomputeScaleFactor: true },
  })),
  {
    name: 'interpolate',
    args: [x(1, 1, 2, 3, 4)],
    options: { mode: 'trilinear', size: [4, 2, 3], alignCorners: true },
  },
  { name: 'interpolate', args: [x(2, 1, 5)], options: { mode: 'linear', scaleFactor: 2, alignCorners: true } },
  { name: 'interpolate', args: [x(2, 1, 5)], options: { mode: 'linear', size: [8] } },
  ...each(['bilinear', 'bicubic'], (mode) => ({
    name: 'interpolate',
    args: [x(1, 1, 6, 7)],
    options: { mode, size: [3, 2], antialias: true },
  })),
  ...each(['bilinear', 'bicubic'], (mode) => ({
    name: 'interpolate',
    args: [x(1, 1, 4, 4)],
    options: { mode, size: 7, alignCorners: true, antialias: false },
  })),

  { name: 'pad', args: [x(2, 3), [1, 2]] },
  { name: 'pad', args: [x(2, 3), [-1, 2, 0, 1]], options: { value: 7 } },
  ...each(['reflect', 'replicate', 'circular'], (mode) => ({
    name: 'pad',
    args: [x(1, 2, 3, 4), [1, 2, 2, 1]],
    options: { mode },
  })),
  { name: 'pad', args: [x(1, 2, 3), [2, 1]], options: { mode: 'reflect' } },
  { name: 'pad', args: [x(1, 2, 2, 3, 3), [1, 1, 2, 0, 1, 1]], options: { mode: 'replicate' } },

  ...each(REDUCTIONS, (reduction) => ({ name: 'crossEntropy', args: [x(4, 3), labels(3, 4)], options: { reduction } })),
  {
    name: 'crossEntropy',
    args: [x(2, 3, 4), labels(3, 2, 4)],
    options: { weight: fixed(3), ignoreIndex: 1, labelSmoothing: 0.2 },
  },
  { name: 'crossEntropy', args: [x(2, 3), probability(2, 3)], options: { labelSmoothing: 0.1 } },
  { name: 'crossEntropy', args: [x(3), labels(3)] },
  ...each(REDUCTIONS, (reduction) => ({
    name: 'nllLoss',
    args: [x(4, 3, 2), labels(3, 4, 2)],
    options: { reduction, ignoreIndex: 2, weight: { ...probability(3), grad: false } },
  })),
  ...each(REDUCTIONS, (reduction) => ({
    name: 'binaryCrossEntropy',
    args: [probability(3, 2), { ...probability(3, 2), seed: 8, grad: false }],
    options: { reduction, weight: { ...probability(2), grad: false } },
  })),
  ...each(REDUCTIONS, (reduction) => ({
    name: 'binaryCrossEntropyWithLogits',
    args: [x(3, 2), probability(3, 2)],
    options: {
      reduction,
      weight: { ...probability(3, 1), grad: false },
      posWeight: { ...probability(2), grad: false },
    },
  })),
  ...each(REDUCTIONS, (reduction) => ({ name: 'mseLoss', args: [x(3, 2), y(3, 2)], options: { reduction } })),
  ...each(REDUCTIONS, (reduction) => ({ name: 'l1Loss', args: [x(3, 2), y(3, 2)], options: { reduction } })),
  { name: 'smoothL1Loss', args: [x(3, 2), y(3, 2)], options: { beta: 0.5 } },
  { name: 'smoothL1Loss', args: [x(3, 2), y(3, 2)], options: { beta: 0, reduction: 'none' } },
  { name: 'huberLoss', args: [x(3, 2), y(3, 2)], options: { delta: 0.5, reduction: 'sum' } },
  ...each([...REDUCTIONS, 'batchmean'], (reduction) => ({
    name: 'klDiv',
    args: [x(3, 2), probability(3, 2)],
    options: { reduction },
  })),
  { name: 'klDiv', args: [x(3, 2), y(3, 2)], options: { logTarget: true, reduction: 'batchmean' } },

  { name: 'oneHot', args: [labels(4, 2, 3)] },
  { name: 'oneHot', args: [labels(4, 3), 6] },
  { name: 'embedding', args: [labels(5, 2, 3), x(5, 2)], options: { paddingIdx: -1, scaleGradByFreq: true } },
  { name: 'embedding', args: [labels(5, 4), fixed(5, 2)], options: { maxNorm: 0.5, normType: 1 } },
  { name: 'cosineSimilarity', args: [x(3, 4), y(3, 4)], options: { dim: -1 } },
  { name: 'cosineSimilarity', args: [x(3, 4), y(1, 4)], options: { dim: 0, eps: 1e-4 } },
  { name: 'pairwiseDistance', args: [x(3, 4), y(3, 4)], options: { p: 1, keepdim: true } },
  { name: 'normalize', args: [x(3, 4)] },
  { name: 'normalize', args: [x(3, 4)], options: { p: 1, dim: 0, eps: 2 } },

  { name: 'layerNorm', args: [x(2, 3, 4), [3, 4]], options: { weight: y(3, 4), bias: x(3, 4), eps: 1e-3 } },
  { name: 'rmsNorm', args: [x(2, 3, 4), [4]], options: { weight: y(4), eps: 1e-3 } },
  { name: 'groupNorm', args: [x(2, 4, 3), 2], options: { weight: y(4), bias: x(4) } },
  { name: 'batchNorm', args: [x(4, 3), fixed(3), { ...probability(3), grad: false }], options: { weight: y(3) } },
  {
    name: 'batchNorm',
    args: [x(4, 3, 2), fixed(3), { ...probability(3), grad: false }],
    options: { training: true, momentum: 0.3, bias: y(3), eps: 1e-3 },
  },
  { name: 'batchNorm', args: [x(4, 3), null, null], options: { training: true } },
  { name: 'instanceNorm', args: [x(2, 3, 4)], options: { weight: y(3), bias: x(3) } },
  {
    name: 'instanceNorm',
    args: [x(2, 3, 4)],
    options: { runningMean: fixed(3), runningVar: { ...probability(3), grad: false }, useInputStats: false },
  },

  { name: 'linear', args: [x(2, 3), y(4, 3), x(4)] },
  { name: 'linear', args: [x(2, 3), y(4, 3)] },
  { name: 'bilinear', args: [x(2, 3), y(2, 4), x(2, 3, 4), y(2)] },
  { name: 'conv1d', args: [x(1, 4, 7), y(2, 2, 3), x(2)], options: { stride: 2, padding: 1, groups: 2 } },
  { name: 'conv1d', args: [x(1, 2, 5), y(2, 2, 2), null], options: { padding: 'same', dilation: [2] } },
  { name: 'conv2d', args: [x(1, 2, 5, 4), y(3, 2, 3, 2)] },
  { name: 'conv2d', args: [x(1, 2, 5, 4), y(3, 2, 3, 2), x(3)], options: { stride: [2, 1], padding: [1, 0] } },
  {
    name: 'conv3d',
    args: [x(1, 1, 3, 4, 3), y(2, 1, 2, 2, 1), x(2)],
    options: { dilation: [1, 2, 1], padding: 'valid' },
  },
  {
    name: 'convTranspose1d',
    args: [x(1, 2, 4), y(2, 2, 3), x(4)],
    options: { stride: 2, groups: 2, outputPadding: 1 },
  },
  { name: 'convTranspose2d', args: [x(1, 2, 3, 3), y(2, 2, 2, 2), x(2)], options: { padding: 1, dilation: [2, 1] } },
  { name: 'convTranspose3d', args: [x(1, 1, 2, 2, 2), y(1, 2, 2, 1, 2)], options: { stride: 2 } },
  { name: 'unfold', args: [x(1, 2, 4, 5), [2, 3]], options: { dilation: 1, padding: [1, 0], stride: 2 } },
  { name: 'fold', args: [x(1, 8, 6), [3, 4], 2] },

  { name: 'maxPool1d', args: [x(1, 2, 7), 3], options: { stride: 2, padding: 1 } },
  { name: 'maxPool2d', args: [x(1, 2, 6, 5), [3, 2]], options: { ceilMode: true } },
  { name: 'maxPool2d', args: [x(1, 2, 6, 5), 2], options: { returnIndices: true, dilation: 2 } },
  { name: 'maxPool3d', args: [x(1, 1, 3, 4, 4), 2], options: { returnIndices: true } },
  { name: 'avgPool1d', args: [x(1, 2, 7), 3], options: { padding: 1, countIncludePad: false } },
  { name: 'avgPool2d', args: [x(1, 2, 5, 5), 2], options: { ceilMode: true, divisorOverride: 3 } },
  { name: 'avgPool3d', args: [x(1, 1, 3, 4, 4), [1, 2, 2]], options: { stride: 1, padding: [0, 1, 1] } },
  { name: 'adaptiveAvgPool1d', args: [x(1, 2, 7), 3] },
  { name: 'adaptiveAvgPool2d', args: [x(2, 5, 4), [2, null]] },
  { name: 'adaptiveAvgPool3d', args: [x(1, 1, 3, 4, 4), [1, null, 3]] },
  { name: 'adaptiveMaxPool1d', args: [x(1, 2, 7), 3] },
  { name: 'adaptiveMaxPool2d', args: [x(1, 2, 5, 4), [2, null]] },
  { name: 'adaptiveMaxPool3d', args: [x(1, 1, 3, 4, 4), 2] },

  ...each(['bilinear', 'nearest', 'bicubic'], (mode) => ({
    name: 'gridSample',
    args: [x(1, 2, 4, 5), y(1, 3, 2, 2)],
    options: { mode, paddingMode: 'reflection', alignCorners: true },
  })),
  ...each(['zeros', 'border'], (paddingMode) => ({
    name: 'gridSample',
    args: [x(1, 1, 2, 3, 3), y(1, 2, 2, 2, 3)],
    options: { paddingMode },
  })),
  { name: 'affineGrid', args: [x(2, 2, 3), [2, 1, 3, 4]] },
  { name: 'affineGrid', args: [x(1, 3, 4), [1, 1, 2, 3, 2]], options: { alignCorners: true } },
  { name: 'pixelShuffle', args: [x(1, 8, 2, 3), 2] },
  { name: 'pixelUnshuffle', args: [x(1, 2, 4, 6), 2] },

  { name: 'scaledDotProductAttention', args: [x(2, 3, 4), y(2, 5, 4), x(2, 5, 3)] },
  {
    name: 'scaledDotProductAttention',
    args: [x(1, 4, 4), y(1, 4, 4), x(1, 4, 4)],
    options: { isCausal: true, scale: 0.3 },
  },
  { name: 'scaledDotProductAttention', args: [x(2, 3, 4), y(2, 5, 4), x(2, 5, 3)], options: { attnMask: mask(3, 5) } },
  {
    name: 'scaledDotProductAttention',
    args: [x(1, 4, 3, 2), y(1, 2, 3, 2), x(1, 2, 3, 2)],
    options: { enableGqa: true, attnMask: fixed(3, 3) },
  },
  { name: 'dropout', args: [x(5, 5)], options: { p: 0.3 } },
  { name: 'dropout', args: [x(5, 5)], options: { training: false } },
  { name: 'dropout1d', args: [x(3, 4, 2)] },
  { name: 'dropout2d', args: [x(3, 4, 2, 2)], options: { p: 0.7 } },
  { name: 'dropout3d', args: [x(3, 4, 1, 2, 2)] },
];

const make = ({ shape, seed = 0, kind = 'float', classes = 1, grad = true }: Recipe): Tensor => {
  const numel = shape.reduce((product, size) => product * size, 1);
  const values = Array.from({ length: numel }, (_, i) => (i * 37 + seed * 11) % 23);
  if (kind === 'label')
    return fromData(
      BigInt64Array.from(values, (value) => BigInt(value % classes)),
      shape,
    );
  if (kind === 'bool')
    return fromData(
      Uint8Array.from(values, (value) => Number(value > 9)),
      shape,
    ).to('bool');
  const scaled = values.map((value) => (kind === 'probability' ? (value + 1) / 25 : (value - 11) / 8));
  const made = fromData(Float64Array.from(scaled), shape);
  made.requiresGrad = grad;
  return made;
};
const isRecipe = (value: unknown): value is Recipe => typeof value === 'object' && value !== null && 'shape' in value;

interface Found {
  outputs: [shape: readonly number[], dtype: string, values: number[]][];
  gradients: (number[] | null)[];
  tensors: number[][];
}

const flat = (tensor: Tensor): number[] => [tensor.to('float64').toArray()].flat(9) as number[];

const run = ({ name, args, options }: Case): Found =>
  scope(() => {
    manualSeed(3);
    const made: Tensor[] = [];
    const give = (value: unknown): unknown => {
      if (!isRecipe(value)) return value;
      made.push(make(value));
      return made.at(-1);
    };
    const positional = args.map(give);
    const named = Object.fromEntries(Object.entries(options ?? {}).map(([key, value]) => [key, give(value)]));
    // conv2d(input, weight, bias, options): a case may omit the bias.
    if (options !== undefined && /^conv/.test(name) && positional.length === 2) positional.push(null);
    const fn = (functional as unknown as Record<string, (...given: unknown[]) => Tensor | Tensor[]>)[name]!;
    const result = fn(...positional, ...(options === undefined ? [] : [named]));
    const outputs = Array.isArray(result) ? result : [result];
    const [first] = outputs as [Tensor];
    if (first.requiresGrad) first.mul(first).sum().backward();
    return {
      outputs: outputs.map((tensor) => [tensor.shape, tensor.dtype, flat(tensor)]),
      gradients: made.map((tensor) => (tensor.grad === null ? null : flat(tensor.grad))),
      tensors: made.map(flat),
    };
  });

const expectClose = (found: number[] | null, wanted: number[] | null, what: string, within: number): void => {
  expect(found?.length, what).toBe(wanted?.length);
  const furthest = Math.max(
    0,
    ...(found ?? []).map((value, i) => Math.abs(value - wanted![i]!) / (1 + Math.abs(value))),
  );
  expect(furthest, what).toBeLessThan(within);
};

const python = pythonInterpreter();

describe.skipIf(python === null)(
  `functional beside torch.nn.functional${python === null ? ' (npm run python)' : ''}`,
  () => {
    it('has every function compared', () => {
      const compared = new Set(cases.map(({ name }) => name));
      expect(Object.keys(functional).filter((name) => !compared.has(name))).toEqual([]);
    });

    it(`gives Python's values, gradients and changed arguments in ${cases.length} calls`, () => {
      const { stdout, stderr } = spawnSync(python!, [inSupport('functionalPeer.py')], {
        input: JSON.stringify(cases),
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      expect(stdout, stderr).not.toBe('');
      const wanted: Found[] = JSON.parse(stdout);
      for (const [i, given] of cases.entries()) {
        const what = `${given.name} ${JSON.stringify(given.args)} ${JSON.stringify(given.options ?? {})}`;
        const found = run(given);
        const expected = wanted[i]!;
        expect(
          found.outputs.map(([shape, dtype]) => [shape, dtype]),
          what,
        ).toEqual(expected.outputs.map(([shape, dtype]) => [shape, dtype]));
        const within = found.outputs[0]![1] === 'float32' ? 1e-6 : 1e-12;
        for (const [j, [, , values]] of found.outputs.entries())
          expectClose(values, expected.outputs[j]![2], what, within);
        for (const [j, gradient] of found.gradients.entries())
          expectClose(gradient, expected.gradients[j]!, `${what}, gradient of tensor ${j}`, within);
        for (const [j, values] of found.tensors.entries())
          expectClose(values, expected.tensors[j]!, `${what}, tensor ${j} afterwards`, 1e-12);
      }
    });
  },
);

const F = functional as unknown as Record<string, (...given: unknown[]) => unknown>;

describe('functional refuses what Python refuses or would warn of', () => {
  const image = ones([1, 2, 4, 4]);
  it.each<[string, () => unknown, RegExp]>([
    [
      'a name in Python spelling',
      () => F.interpolate!(image, { size: 2, align_corners: true }),
      /align_corners, .* Use alignCorners\./,
    ],
    [
      'an unknown option',
      () => F.dropout!(image, { q: 1 }),
      /functional\.dropout: found the option q, expected p, training/,
    ],
    ['a number as options', () => F.gelu!(image, 3), /the options are number, expected an object with approximate/],
    ['a Tensor as options', () => F.mseLoss!(image, image, image), /the options are a Tensor/],
    [
      'a mode that does not exist',
      () => F.interpolate!(image, { size: 2, mode: 'cubic' }),
      /mode is 'cubic', expected 'near/,
    ],
    [
      'a mode for other axes',
      () => functional.interpolate(image, { size: 2, mode: 'linear' }),
      /expected 3 dimensions/,
    ],
    ['no size', () => functional.interpolate(image, {}), /found neither size and scaleFactor/],
    ['both sizes', () => functional.interpolate(image, { size: 2, scaleFactor: 2 }), /found both size and scaleFactor/],
    ['a size of 0', () => functional.interpolate(image, { size: 0 }), /size is 0, expected a positive integer/],
    [
      'three sizes for two axes',
      () => functional.interpolate(image, { size: [1, 2, 3] }),
      /size is \[1,2,3\].*a list of 2/,
    ],
    ['a scale of NaN', () => functional.interpolate(image, { scaleFactor: Number.NaN }), /scaleFactor is NaN/],
    [
      'corners of nearest',
      () => functional.interpolate(image, { size: 2, alignCorners: true }),
      /alignCorners is given with mode 'nearest'/,
    ],
    [
      'antialias of nearest',
      () => functional.interpolate(image, { size: 2, antialias: true }),
      /antialias is given with mode/,
    ],
    [
      'two dimensions',
      () => functional.interpolate(ones([2, 2]), { size: 2 }),
      /shape \[2,2\], expected \[B, channels\]/,
    ],
    ['not a tensor', () => F.interpolate!(3, { size: 2 }), /the input is number, expected a Tensor/],
    ['an odd padding', () => functional.pad(image, [1, 2, 3]), /padding is \[1,2,3\], expected pairs/],
    ['a padding of strings', () => F.pad!(image, ['1', '2']), /expected pairs of integers/],
    [
      'shapes that broadcast',
      () => functional.mseLoss(ones([3]), ones([3, 1])),
      /target is of shape \[3,1\], expected .*\[3\]/,
    ],
    [
      'a reduction that does not exist',
      () => F.l1Loss!(image, image, { reduction: 'avg' }),
      /reduction is 'avg', expected 'none', 'mean', 'sum'/,
    ],
    [
      'labels out of range',
      () => functional.crossEntropy(ones([2, 3]), fromData(new BigInt64Array([0n, 7n]))),
      /out of bounds/,
    ],
    ['a row out of range', () => functional.embedding(fromData(new BigInt64Array([7n])), ones([3, 2])), /out of range/],
    [
      'a row before the first',
      () => functional.embedding(fromData(new BigInt64Array([-1n])), ones([3, 2])),
      /out of range/,
    ],
    [
      'rows to shorten out of range',
      () => functional.embedding(fromData(new BigInt64Array([9n])), ones([3, 2]), { maxNorm: 1 }),
      /range|index/,
    ],
    [
      'a padding row that does not exist',
      () => functional.embedding(zeros([1], { dtype: 'int64' }), ones([3, 2]), { paddingIdx: 3 }),
      /paddingIdx is 3/,
    ],
    ['negative labels', () => functional.oneHot(fromData(new BigInt64Array([-1n]))), /non-negative/],
    ['a probability over one', () => functional.dropout(image, { p: 1.5 }), /p is 1\.5, expected 0 to 1/],
    ['NaN as probability', () => functional.dropout(image, { p: Number.NaN }), /p is NaN/],
    [
      'options in place of the bias',
      () => F.conv2d!(image, image, { stride: 1 }),
      /the bias is an object, expected a Tensor or null/,
    ],
    [
      'one value per channel',
      () => functional.batchNorm(ones([1, 3]), null, null, { training: true }),
      /1 values per channel/,
    ],
    [
      'one value per channel of a sample',
      () => functional.instanceNorm(ones([4, 3, 1])),
      /1 values per channel of a sample/,
    ],
    ['one value per group', () => functional.groupNorm(ones([1, 3, 1]), 3), /1 values per group/],
    [
      'statistics of other sizes',
      () => functional.batchNorm(ones([4, 3]), ones([2]), ones([2])),
      /running_mean should contain 3/,
    ],
    ['groups that do not divide', () => functional.groupNorm(ones([2, 3, 4]), 2), /divisible/],
    [
      'theta of another shape',
      () => functional.affineGrid(ones([1, 2, 2]), [1, 1, 2, 2]),
      /theta is of shape \[1,2,2\], expected \[1, 2, 3\]/,
    ],
    ['an empty grid', () => functional.affineGrid(ones([1, 2, 3]), [1, 1, 0, 2]), /size is \[1,1,0,2\]/],
    ['a kernel of 0', () => functional.maxPool2d(image, 0), /greater than zero|kernel/],
    ['a kernel beyond the input', () => functional.avgPool2d(image, 9), /too small|Output size/],
    ['a mode of samples that does not exist', () => F.gridSample!(image, image, { mode: 'cubic' }), /mode is 'cubic'/],
    ['a softmax without dim', () => F.softmax!(image), /dim is undefined, expected an integer/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(
      expect.objectContaining({ name: 'NoduleTrainError', message: expect.stringMatching(message) }),
    );
  });

  it('accepts undefined for every option', () => {
    expect(functional.interpolate(image, { size: undefined, scaleFactor: 2, mode: undefined }).shape).toEqual([
      1, 2, 8, 8,
    ]);
    expect(functional.dropout(image, undefined).shape).toEqual([1, 2, 4, 4]);
  });
});

describe('attention with masks', () => {
  const [length, batch, features] = [3, 2, 4];
  const inputs = () => randn([length, batch, features]);
  it('boolean masks equal masks of -Infinity, and needWeights: false gives the same output', () =>
    scope(() => {
      manualSeed(1);
      const layer = nn.multiheadAttention(features, 2).eval();
      const input = inputs();
      const masks = { attnMask: [0, 1, 1, 0, 0, 1, 0, 0, 0], keyPaddingMask: [0, 0, 1, 0, 0, 0] };
      const shapes = { attnMask: [length, length], keyPaddingMask: [batch, length] };
      const booleans = {
        attnMask: fromData(Uint8Array.from(masks.attnMask), shapes.attnMask).to('bool'),
        keyPaddingMask: fromData(Uint8Array.from(masks.keyPaddingMask), shapes.keyPaddingMask).to('bool'),
      };
      const infinite = (values: number[]) =>
        Float32Array.from(values, (value) => (value ? Number.NEGATIVE_INFINITY : 0));
      const numbers = (tensor: Tensor) => flat(tensor).map((value) => Math.round(value * 1e5));
      const [output, weights] = layer.forward(input, input, input, booleans);
      const [again] = layer.forward(input, input, input, {
        attnMask: fromData(infinite(masks.attnMask), shapes.attnMask),
        keyPaddingMask: fromData(infinite(masks.keyPaddingMask), shapes.keyPaddingMask),
      });
      expect(numbers(again)).toEqual(numbers(output));
      expect(output.toArray()).not.toEqual(layer.forward(input, input, input)[0].toArray());
      const [fast, none] = layer.forward(input, input, input, { ...booleans, needWeights: false });
      expect(none).toBe(null);
      expect(numbers(fast)).toEqual(numbers(output));
      expect(weights!.shape).toEqual([batch, length, length]);
      const [, heads] = layer.forward(input, input, input, { averageAttnWeights: false });
      expect(heads!.shape).toEqual([batch, 2, length, length]);
    }));

  it.each<[string, (layer: nn.MultiheadAttention, input: Tensor) => unknown, RegExp]>([
    [
      'a mask of another size',
      (layer, input) => layer.forward(input, input, input, { attnMask: zeros([2, 2]) }),
      /attnMask is of shape \[2,2\], expected \[3,3\] or \[4,3,3\]/,
    ],
    [
      'a padding of another size',
      (layer, input) => layer.forward(input, input, input, { keyPaddingMask: zeros([3, 2]) }),
      /keyPaddingMask is of shape \[3,2\], expected \[2,3\]/,
    ],
    [
      'a mask of integers',
      (layer, input) => layer.forward(input, input, input, { attnMask: zeros([3, 3], { dtype: 'int64' }) }),
      /attnMask is int64, expected bool/,
    ],
    [
      'another batch of keys',
      (layer, input) => layer.forward(input, zeros([3, 1, 4]), zeros([3, 1, 4])),
      /expected one batch/,
    ],
    [
      'other features',
      (layer) => layer.forward(zeros([3, 2, 5]), zeros([3, 2, 5]), zeros([3, 2, 5])),
      /the query has 5 features, expected 4/,
    ],
    ['a query without batch', (layer, input) => layer.forward(zeros([3, 4]), input, input), /or all with a batch/],
    [
      'causal without mask',
      (layer, input) => layer.forward(input, input, input, { isCausal: true }),
      /isCausal is given without attnMask/,
    ],
    [
      'one argument',
      (layer, input) => (layer.forward as (x: Tensor) => unknown).call(layer, input),
      /the key is undefined/,
    ],
    [
      'names of Python',
      (layer, input) => layer.forward(input, input, input, { need_weights: false } as never),
      /need_weights, .*Use needWeights/,
    ],
  ])('%s is refused', (_, call, message) => {
    scope(() => expect(() => call(nn.multiheadAttention(features, 2), inputs())).toThrow(message));
  });
});
