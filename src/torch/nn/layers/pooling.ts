import { z } from 'zod';
import type { OperatorArgument } from '../../operators/operatorArguments.js';
import type { Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { type AdaptiveSizes, adaptiveSize } from './adaptiveSize.js';
import { FixedLayer } from './fixedLayer.js';
import { parseLayer, unusual } from './layerOptions.js';
import { OperatorLayer, type OperatorPair, operatorPair } from './operatorLayer.js';
import { type Axes, count, filled, type Pair, type Single, type Sizes, sizes, type Triple } from './sizes.js';

const ALL_AXES = [1, 2, 3] as const;
const maxPools = ALL_AXES.map((axes) => operatorPair(`aten::max_pool${axes}d`));
const avgPools = ALL_AXES.map((axes) => operatorPair(`aten::avg_pool${axes}d`));
const adaptivePools = ALL_AXES.map((axes) => operatorPair(`aten::adaptive_avg_pool${axes}d`));

const shared = (axes: Axes) => ({
  kernel: sizes(axes, 1),
  stride: sizes(axes, 1).optional(),
  padding: sizes(axes, 0).default(filled(axes, 0)),
  ceilMode: z.boolean().default(false),
});
// libtorch refuses a larger padding with a less helpful text.
const paddingFits = ({ kernel, padding }: { kernel: number[]; padding: number[] }): boolean =>
  kernel.every((size, i) => padding[i]! <= size / 2);
const TOO_MUCH_PADDING = { path: ['padding'], message: 'must be at most half the kernel' };

const maxSchemas = ALL_AXES.map((axes) =>
  z
    .strictObject({ ...shared(axes), dilation: sizes(axes, 1).default(filled(axes, 1)) })
    .refine(paddingFits, TOO_MUCH_PADDING),
);
const avgSchemas = ALL_AXES.map((axes) =>
  z
    .strictObject({
      ...shared(axes),
      countIncludePad: z.boolean().default(true),
      ...(axes === 1 ? {} : { divisorOverride: count.nullable().optional() }),
    })
    .refine(paddingFits, TOO_MUCH_PADDING),
);

export interface MaxPoolLayerOptions<N extends Axes> {
  /** Default: the kernel. */
  stride?: Sizes<N> | undefined;
  padding?: Sizes<N> | undefined;
  dilation?: Sizes<N> | undefined;
  /** Round the size of the result up. */
  ceilMode?: boolean | undefined;
}
export interface AvgPoolLayerOptions<N extends Axes> {
  /** Default: the kernel. */
  stride?: Sizes<N> | undefined;
  padding?: Sizes<N> | undefined;
  /** Round the size of the result up. */
  ceilMode?: boolean | undefined;
  /** Count the zeros of the padding; default true. */
  countIncludePad?: boolean | undefined;
}
export interface AvgPoolLayerDivisorOptions<N extends Axes> extends AvgPoolLayerOptions<N> {
  /** Divisor in place of the number of elements. */
  divisorOverride?: number | null | undefined;
}

type Made = readonly [operator: OperatorPair, rest: OperatorArgument[], description: string];

const maxPool = <N extends Axes>(axes: N, kernel: Sizes<N>, options: MaxPoolLayerOptions<N>): Made => {
  const parsed = parseLayer(`maxPool${axes}d`, maxSchemas[axes - 1]!, { kernel }, options);
  const { stride = parsed.kernel, padding, dilation, ceilMode } = parsed;
  const usual = { stride: parsed.kernel, padding: filled(axes, 0), dilation: filled(axes, 1), ceilMode: false };
  const description = describeOptions([], unusual({ ...parsed, stride: parsed.stride ?? parsed.kernel }, usual));
  return [maxPools[axes - 1]!, [parsed.kernel, stride, padding, dilation, ceilMode], description];
};

const avgPool = <N extends Axes>(axes: N, kernel: Sizes<N>, options: AvgPoolLayerDivisorOptions<N>): Made => {
  const parsed = parseLayer(`avgPool${axes}d`, avgSchemas[axes - 1]!, { kernel }, options);
  const { stride = parsed.kernel, padding, ceilMode, countIncludePad } = parsed;
  const divisor = (parsed as { divisorOverride?: number | null }).divisorOverride;
  const usual = { stride: parsed.kernel, padding: filled(axes, 0), ceilMode: false, countIncludePad: true };
  const description = describeOptions([], unusual({ ...parsed, stride: parsed.stride ?? parsed.kernel }, usual));
  const rest: OperatorArgument[] = [parsed.kernel, stride, padding, ceilMode, countIncludePad];
  return [avgPools[axes - 1]!, axes === 1 ? rest : [...rest, divisor ?? null], description];
};

/** Made by {@link maxPool1d}. */
export class MaxPool1d extends FixedLayer {}
/** Made by {@link maxPool2d}. */
export class MaxPool2d extends FixedLayer {}
/** Made by {@link maxPool3d}. */
export class MaxPool3d extends FixedLayer {}
/** Made by {@link avgPool1d}. */
export class AvgPool1d extends FixedLayer {}
/** Made by {@link avgPool2d}. */
export class AvgPool2d extends FixedLayer {}
/** Made by {@link avgPool3d}. */
export class AvgPool3d extends FixedLayer {}

/** Makes PyTorch's `nn.MaxPool1d`. @throws NoduleTrainError `layer-options` */
export const maxPool1d = (kernel: Single, options: MaxPoolLayerOptions<1> = {}): MaxPool1d =>
  new MaxPool1d(...maxPool(1, kernel, options));
/** Makes PyTorch's `nn.MaxPool2d`. @throws NoduleTrainError `layer-options` */
export const maxPool2d = (kernel: Pair, options: MaxPoolLayerOptions<2> = {}): MaxPool2d =>
  new MaxPool2d(...maxPool(2, kernel, options));
/** Makes PyTorch's `nn.MaxPool3d`. @throws NoduleTrainError `layer-options` */
export const maxPool3d = (kernel: Triple, options: MaxPoolLayerOptions<3> = {}): MaxPool3d =>
  new MaxPool3d(...maxPool(3, kernel, options));
/** Makes PyTorch's `nn.AvgPool1d`. @throws NoduleTrainError `layer-options` */
export const avgPool1d = (kernel: Single, options: AvgPoolLayerOptions<1> = {}): AvgPool1d =>
  new AvgPool1d(...avgPool(1, kernel, options));
/** Makes PyTorch's `nn.AvgPool2d`. @throws NoduleTrainError `layer-options` */
export const avgPool2d = (kernel: Pair, options: AvgPoolLayerDivisorOptions<2> = {}): AvgPool2d =>
  new AvgPool2d(...avgPool(2, kernel, options));
/** Makes PyTorch's `nn.AvgPool3d`. @throws NoduleTrainError `layer-options` */
export const avgPool3d = (kernel: Triple, options: AvgPoolLayerDivisorOptions<3> = {}): AvgPool3d =>
  new AvgPool3d(...avgPool(3, kernel, options));

/** Mean over windows chosen for the size of the result. */
abstract class AdaptiveAvgPool<N extends Axes> extends OperatorLayer {
  readonly #axes: N;
  readonly #outputSize: AdaptiveSizes<N>;

  constructor(axes: N, outputSize: AdaptiveSizes<N>) {
    super();
    this.#axes = axes;
    const size = z.int().min(0).nullable();
    const schema = z.strictObject({ outputSize: z.union([size, z.array(size).length(axes)]) });
    this.#outputSize = parseLayer(`adaptiveAvgPool${axes}d`, schema, { outputSize }).outputSize as AdaptiveSizes<N>;
  }
  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    const size = adaptiveSize(`nn.adaptiveAvgPool${this.#axes}d`, input, this.#axes, this.#outputSize);
    return [adaptivePools[this.#axes - 1]!, [input, size]];
  }
  override extraRepr(): string {
    return describeOptions([], { outputSize: this.#outputSize });
  }
}

/** Made by {@link adaptiveAvgPool1d}. */
export class AdaptiveAvgPool1d extends AdaptiveAvgPool<1> {}
/** Made by {@link adaptiveAvgPool2d}. */
export class AdaptiveAvgPool2d extends AdaptiveAvgPool<2> {}
/** Made by {@link adaptiveAvgPool3d}. */
export class AdaptiveAvgPool3d extends AdaptiveAvgPool<3> {}

/** Makes PyTorch's `nn.AdaptiveAvgPool1d`; null keeps the axis. @throws NoduleTrainError `layer-options` */
export const adaptiveAvgPool1d = (outputSize: AdaptiveSizes<1>): AdaptiveAvgPool1d =>
  new AdaptiveAvgPool1d(1, outputSize);
/** Makes PyTorch's `nn.AdaptiveAvgPool2d`; null keeps an axis. @throws NoduleTrainError `layer-options` */
export const adaptiveAvgPool2d = (outputSize: AdaptiveSizes<2>): AdaptiveAvgPool2d =>
  new AdaptiveAvgPool2d(2, outputSize);
/** Makes PyTorch's `nn.AdaptiveAvgPool3d`; null keeps an axis. @throws NoduleTrainError `layer-options` */
export const adaptiveAvgPool3d = (outputSize: AdaptiveSizes<3>): AdaptiveAvgPool3d =>
  new AdaptiveAvgPool3d(3, outputSize);
