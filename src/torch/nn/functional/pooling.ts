import { lazyOp } from '../../operators/operators.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type AdaptiveSizes, adaptiveSize } from '../layers/adaptiveSize.js';
import type { Axes, Sizes } from '../layers/sizes.js';
import { checkTensor, readOptions } from './options.js';

export interface MaxPoolOptions<N extends Axes> {
  /** Default: the kernel. */
  stride?: Sizes<N> | undefined;
  padding?: Sizes<N> | undefined;
  dilation?: Sizes<N> | undefined;
  /** Round the size of the result up. */
  ceilMode?: boolean | undefined;
  /** Return the places of the maxima too, as int64 positions in the flat axes. */
  returnIndices?: boolean | undefined;
}
const MAX_POOL = ['stride', 'padding', 'dilation', 'ceilMode', 'returnIndices'] as const;

interface MaxPool<N extends Axes> {
  (
    input: Tensor,
    kernel: Sizes<N>,
    options: MaxPoolOptions<N> & { returnIndices: true },
  ): [values: Tensor, indices: Tensor];
  (input: Tensor, kernel: Sizes<N>, options?: MaxPoolOptions<N> & { returnIndices?: false | undefined }): Tensor;
}

const maxPool = <N extends Axes>(axes: N): MaxPool<N> => {
  const name = `maxPool${axes}d`;
  const plain = lazyOp(`aten::max_pool${axes}d`);
  const withIndices = lazyOp(`aten::max_pool${axes}d_with_indices`);
  return ((input: Tensor, kernel: Sizes<N>, options?: MaxPoolOptions<N>) => {
    const read: Partial<MaxPoolOptions<Axes>> = readOptions(name, options, MAX_POOL);
    const { stride, padding = 0, dilation = 1, ceilMode = false, returnIndices = false } = read;
    return (returnIndices ? withIndices : plain)(input, kernel, stride ?? kernel, padding, dilation, ceilMode);
  }) as MaxPool<N>;
};

/** Maximum of each window. [B, C, L] -> [B, C, L']. */
export const maxPool1d = maxPool(1);
/** Maximum of each window. [B, C, H, W] -> [B, C, H', W']. */
export const maxPool2d = maxPool(2);
/** Maximum of each window. [B, C, D, H, W] -> [B, C, D', H', W']. */
export const maxPool3d = maxPool(3);

export interface AvgPoolOptions<N extends Axes> {
  /** Default: the kernel. */
  stride?: Sizes<N> | undefined;
  padding?: Sizes<N> | undefined;
  /** Round the size of the result up. */
  ceilMode?: boolean | undefined;
  /** Count the zeros of the padding; default true. */
  countIncludePad?: boolean | undefined;
}
export interface AvgPoolDivisorOptions<N extends Axes> extends AvgPoolOptions<N> {
  /** Divisor in place of the number of elements. */
  divisorOverride?: number | null | undefined;
}
const AVG_POOL = ['stride', 'padding', 'ceilMode', 'countIncludePad'] as const;

/** Mean of each window. [B, C, L] -> [B, C, L']. */
export const avgPool1d = (input: Tensor, kernel: Sizes<1>, options?: AvgPoolOptions<1>): Tensor => {
  const { stride, padding = 0, ceilMode = false, countIncludePad = true } = readOptions('avgPool1d', options, AVG_POOL);
  return applyAvgPool1d(input, kernel, stride ?? kernel, padding, ceilMode, countIncludePad);
};
const applyAvgPool1d = lazyOp('aten::avg_pool1d');

const avgPool = <N extends 2 | 3>(axes: N) => {
  const name = `avgPool${axes}d`;
  const apply = lazyOp(`aten::avg_pool${axes}d`);
  return (input: Tensor, kernel: Sizes<N>, options?: AvgPoolDivisorOptions<N>): Tensor => {
    const read: Partial<AvgPoolDivisorOptions<Axes>> = readOptions(name, options, [...AVG_POOL, 'divisorOverride']);
    const { stride, padding = 0, ceilMode = false, countIncludePad = true, divisorOverride } = read;
    return apply(input, kernel, stride ?? kernel, padding, ceilMode, countIncludePad, divisorOverride ?? null);
  };
};

/** Mean of each window. [B, C, H, W] -> [B, C, H', W']. */
export const avgPool2d = avgPool(2);
/** Mean of each window. [B, C, D, H, W] -> [B, C, D', H', W']. */
export const avgPool3d = avgPool(3);

const adaptiveAvgPool = <N extends Axes>(axes: N) => {
  const name = `adaptiveAvgPool${axes}d`;
  const apply = lazyOp(`aten::adaptive_avg_pool${axes}d`);
  return (input: Tensor, outputSize: AdaptiveSizes<N>): Tensor =>
    apply(input, adaptiveSize(`functional.${name}`, checkTensor(name, 'the input', input), axes, outputSize));
};

/** Mean over windows chosen for the size of the result; null in `outputSize` keeps an axis. */
export const adaptiveAvgPool1d = adaptiveAvgPool(1);
/** Mean over windows chosen for the size of the result; null in `outputSize` keeps an axis. */
export const adaptiveAvgPool2d = adaptiveAvgPool(2);
/** Mean over windows chosen for the size of the result; null in `outputSize` keeps an axis. */
export const adaptiveAvgPool3d = adaptiveAvgPool(3);

const adaptiveMaxPool = <N extends Axes>(axes: N) => {
  const name = `adaptiveMaxPool${axes}d`;
  const apply = lazyOp(`aten::adaptive_max_pool${axes}d`) as unknown as (
    input: Tensor,
    sizes: number[],
  ) => [Tensor, Tensor];
  return (input: Tensor, outputSize: AdaptiveSizes<N>): Tensor => {
    const sizes = adaptiveSize(`functional.${name}`, checkTensor(name, 'the input', input), axes, outputSize);
    const [values, indices] = apply(input, sizes);
    indices.dispose();
    return values;
  };
};

/** Maximum over windows chosen for the size of the result; null in `outputSize` keeps an axis. */
export const adaptiveMaxPool1d = adaptiveMaxPool(1);
/** Maximum over windows chosen for the size of the result; null in `outputSize` keeps an axis. */
export const adaptiveMaxPool2d = adaptiveMaxPool(2);
/** Maximum over windows chosen for the size of the result; null in `outputSize` keeps an axis. */
export const adaptiveMaxPool3d = adaptiveMaxPool(3);
