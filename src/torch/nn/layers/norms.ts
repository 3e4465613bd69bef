import { z } from 'zod';
import type { OperatorArgument } from '../../operators/operatorArguments.js';
import { ones, zeros } from '../../tensor/create.js';
import type { Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { checkGroups } from '../functional/norms.js';
import { parameter } from '../marks.js';
import { parseLayer, unusual } from './layerOptions.js';
import { OperatorLayer, type OperatorPair, operatorPair } from './operatorLayer.js';
import { count } from './sizes.js';

const applyGroupNorm = operatorPair('aten::group_norm');
const applyLayerNorm = operatorPair('aten::layer_norm');

const groupSchema = z
  .strictObject({
    groups: count,
    channels: count,
    eps: z.number().min(0).default(1e-5),
    affine: z.boolean().default(true),
  })
  .refine(({ groups, channels }) => channels % groups === 0, {
    path: ['channels'],
    message: 'must be divisible by groups',
  });
const layerSchema = z.strictObject({
  shape: z.union([count.transform((size): number[] => [size]), z.array(count).min(1)]),
  eps: z.number().min(0).default(1e-5),
  affine: z.boolean().default(true),
  bias: z.boolean().default(true),
});

export interface GroupNormOptions {
  eps?: number | undefined;
  /** Learn a factor and an offset for each channel. */
  affine?: boolean | undefined;
}

/** Normalization of groups of channels of each sample (Wu and He 2018, arXiv 1803.08494); made by {@link groupNorm}. */
export class GroupNorm extends OperatorLayer {
  /** [channels]. */
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly #options: z.output<typeof groupSchema>;

  constructor(groups: number, channels: number, options: GroupNormOptions = {}) {
    super();
    this.#options = parseLayer('groupNorm', groupSchema, { groups, channels }, options);
    this.weight = this.#options.affine ? parameter(ones([channels])) : null;
    this.bias = this.#options.affine ? parameter(zeros([channels])) : null;
  }
  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    const { groups, eps } = this.#options;
    checkGroups('nn.groupNorm', input, groups);
    return [applyGroupNorm, [input, groups, this.weight, this.bias, eps, false]];
  }
  override extraRepr(): string {
    const { groups, channels, ...rest } = this.#options;
    return describeOptions([groups, channels], unusual(rest, { eps: 1e-5, affine: true }));
  }
}

/** Makes PyTorch's `nn.GroupNorm`, for [B, channels, ...]. @throws NoduleTrainError `layer-options` */
export const groupNorm = (groups: number, channels: number, options: GroupNormOptions = {}): GroupNorm =>
  new GroupNorm(groups, channels, options);

export interface LayerNormOptions {
  eps?: number | undefined;
  /** Learn a factor and an offset for each element; PyTorch's `elementwise_affine`. */
  affine?: boolean | undefined;
  /** Whether the offset is learnt too. */
  bias?: boolean | undefined;
}

/** Normalization over the last dimensions (Ba et al. 2016, arXiv 1607.06450); made by {@link layerNorm}. */
export class LayerNorm extends OperatorLayer {
  /** Of the sizes that are normalized. */
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly #options: z.output<typeof layerSchema>;

  constructor(shape: number | readonly number[], options: LayerNormOptions = {}) {
    super();
    this.#options = parseLayer('layerNorm', layerSchema, { shape }, options);
    const { shape: sizes, affine, bias } = this.#options;
    this.weight = affine ? parameter(ones(sizes)) : null;
    this.bias = affine && bias ? parameter(zeros(sizes)) : null;
  }
  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    const { shape, eps } = this.#options;
    return [applyLayerNorm, [input, shape, this.weight, this.bias, eps, false]];
  }
  override extraRepr(): string {
    const { shape, ...rest } = this.#options;
    return describeOptions([shape], unusual(rest, { eps: 1e-5, affine: true, bias: true }));
  }
}

/** Makes PyTorch's `nn.LayerNorm` over the last dimensions. @throws NoduleTrainError `layer-options` */
export const layerNorm = (shape: number | readonly number[], options: LayerNormOptions = {}): LayerNorm =>
  new LayerNorm(shape, options);
