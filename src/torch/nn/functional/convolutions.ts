import { lazyOp } from '../../operators/operators.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Axes, Pair, Sizes } from '../layers/sizes.js';
import { functionalError, readOptions } from './options.js';

const applyLinear = lazyOp('aten::linear');
const applyBilinear = lazyOp('aten::bilinear');
const im2col = lazyOp('aten::im2col');
const col2im = lazyOp('aten::col2im');

/** The bias may be omitted, but options in its place would be a mistake. */
const checkBias = (name: string, bias: Tensor | null | undefined): Tensor | null => {
  if (bias !== null && bias !== undefined && !('dtype' in bias))
    throw functionalError(name, 'the bias is an object, expected a Tensor or null. Give options after it.');
  return bias ?? null;
};

/** input · weightᵀ + bias. @param input [..., inFeatures] @param weight [outFeatures, inFeatures] */
export const linear = (input: Tensor, weight: Tensor, bias?: Tensor | null): Tensor =>
  applyLinear(input, weight, checkBias('linear', bias));

/** input1 · weight · input2ᵀ + bias. @param weight [outFeatures, inFeatures1, inFeatures2] */
export const bilinear = (input1: Tensor, input2: Tensor, weight: Tensor, bias?: Tensor | null): Tensor =>
  applyBilinear(input1, input2, weight, checkBias('bilinear', bias));

export interface ConvFunctionOptions<N extends Axes> {
  stride?: Sizes<N> | undefined;
  /** Zeros on each side of each axis; `'same'` keeps the size, with stride 1. */
  padding?: Sizes<N> | 'same' | 'valid' | undefined;
  dilation?: Sizes<N> | undefined;
  groups?: number | undefined;
}
const CONV = ['stride', 'padding', 'dilation', 'groups'] as const;

const convolution = <N extends Axes>(axes: N) => {
  const name = `conv${axes}d`;
  const plain = lazyOp(`aten::${name}`);
  const padded = lazyOp(`aten::${name}.padding`);
  return (input: Tensor, weight: Tensor, bias?: Tensor | null, options?: ConvFunctionOptions<N>): Tensor => {
    const offset = checkBias(name, bias);
    const read: Partial<ConvFunctionOptions<Axes>> = readOptions(name, options, CONV);
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = read;
    if (typeof padding === 'string' && padding !== 'same' && padding !== 'valid')
      throw functionalError(name, `padding is '${padding}', expected 'same', 'valid' or integers`);
    return (typeof padding === 'string' ? padded : plain)(input, weight, offset, stride, padding, dilation, groups);
  };
};

/** Convolution. @param input [B, C, L] @param weight [outChannels, C / groups, kernel] */
export const conv1d = convolution(1);
/** Convolution. @param input [B, C, H, W] @param weight [outChannels, C / groups, ...kernel] */
export const conv2d = convolution(2);
/** Convolution. @param input [B, C, D, H, W] @param weight [outChannels, C / groups, ...kernel] */
export const conv3d = convolution(3);

export interface ConvTransposeFunctionOptions<N extends Axes> {
  stride?: Sizes<N> | undefined;
  padding?: Sizes<N> | undefined;
  outputPadding?: Sizes<N> | undefined;
  groups?: number | undefined;
  dilation?: Sizes<N> | undefined;
}
const TRANSPOSE = ['stride', 'padding', 'outputPadding', 'groups', 'dilation'] as const;

const transposed = <N extends Axes>(axes: N) => {
  const name = `convTranspose${axes}d`;
  const apply = lazyOp(`aten::conv_transpose${axes}d${axes === 1 ? '' : '.input'}`);
  return (input: Tensor, weight: Tensor, bias?: Tensor | null, options?: ConvTransposeFunctionOptions<N>): Tensor => {
    const offset = checkBias(name, bias);
    const read: Partial<ConvTransposeFunctionOptions<Axes>> = readOptions(name, options, TRANSPOSE);
    const { stride = 1, padding = 0, outputPadding = 0, groups = 1, dilation = 1 } = read;
    return apply(input, weight, offset, stride, padding, outputPadding, groups, dilation);
  };
};

/** Transposed convolution. @param weight [C, outChannels / groups, kernel] */
export const convTranspose1d = transposed(1);
/** Transposed convolution. @param weight [C, outChannels / groups, ...kernel] */
export const convTranspose2d = transposed(2);
/** Transposed convolution. @param weight [C, outChannels / groups, ...kernel] */
export const convTranspose3d = transposed(3);

export interface PatchOptions {
  dilation?: Pair | undefined;
  padding?: Pair | undefined;
  stride?: Pair | undefined;
}
const PATCH = ['dilation', 'padding', 'stride'] as const;

const pairOf = (name: string, what: string, value: Pair): number[] => {
  const sizes = typeof value === 'number' ? [value, value] : Array.isArray(value) ? [...value] : [];
  if (sizes.length !== 2 || !sizes.every((size) => Number.isInteger(size)))
    throw functionalError(
      name,
      `${what} is ${Array.isArray(value) ? `[${value}]` : value}, expected one or two integers`,
    );
  return sizes;
};

const patches = (name: string, options: PatchOptions | undefined): number[][] => {
  const { dilation = 1, padding = 0, stride = 1 } = readOptions(name, options, PATCH);
  return [pairOf(name, 'dilation', dilation), pairOf(name, 'padding', padding), pairOf(name, 'stride', stride)];
};

/** Lists the patches of an image as columns. [B, C, H, W] -> [B, C · kernel, patches]. */
export const unfold = (input: Tensor, kernel: Pair, options?: PatchOptions): Tensor =>
  im2col(input, pairOf('unfold', 'the kernel', kernel), ...patches('unfold', options));

/** Adds patches to an image: the reverse of {@link unfold}. [B, C · kernel, patches] -> [B, C, ...outputSize]. */
export const fold = (input: Tensor, outputSize: Pair, kernel: Pair, options?: PatchOptions): Tensor =>
  col2im(
    input,
    pairOf('fold', 'outputSize', outputSize),
    pairOf('fold', 'the kernel', kernel),
    ...patches('fold', options),
  );
