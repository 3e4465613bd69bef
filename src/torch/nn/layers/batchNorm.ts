import { z } from 'zod';
import { NoduleTrainError } from '../../../runtime/index.js';
import { noGrad } from '../../autograd/modes.js';
import type { OperatorArgument } from '../../operators/operatorArguments.js';
import { ones, zeros } from '../../tensor/create.js';
import { isTensor, type Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { checkSeveralValues, valuesPerChannel } from '../functional/checkSeveralValues.js';
import { buffer, parameter } from '../marks.js';
import { parseLayer, unusual } from './layerOptions.js';
import { OperatorLayer, type OperatorPair, operatorPair } from './operatorLayer.js';
import { type Axes, count, inputShape } from './sizes.js';

const batchNorm = operatorPair('aten::batch_norm');
const instanceNorm = operatorPair('aten::instance_norm');

const schemaOf = (isBatch: boolean) =>
  z.strictObject({
    channels: count,
    eps: z.number().min(0).default(1e-5),
    momentum: isBatch ? z.number().min(0).max(1).nullable().default(0.1) : z.number().min(0).max(1).default(0.1),
    affine: z.boolean().default(isBatch),
    trackRunningStats: z.boolean().default(isBatch),
  });
const batchSchema = schemaOf(true);
const instanceSchema = schemaOf(false);

export interface BatchNormOptions {
  eps?: number | undefined;
  /** Weight of the newest batch in the running statistics; null: the mean over all batches. */
  momentum?: number | null | undefined;
  /** Learn a factor and an offset for each channel. */
  affine?: boolean | undefined;
  /** Keep running statistics; without them `eval()` uses the batch's own too. */
  trackRunningStats?: boolean | undefined;
}
export type BatchNorm2dOptions = BatchNormOptions;

/** Normalization of channels with running statistics. Property names are Python's. */
abstract class ChannelNorm extends OperatorLayer {
  /** [channels]. */
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly running_mean: Tensor | null;
  /** The unbiased variance. */
  readonly running_var: Tensor | null;
  readonly num_batches_tracked: Tensor | null;
  readonly #options: z.output<typeof batchSchema>;

  constructor(name: string, schema: typeof batchSchema, channels: number, options: BatchNormOptions) {
    super();
    this.#options = parseLayer(name, schema, { channels }, options);
    const { affine, trackRunningStats: tracks } = this.#options;
    this.weight = affine ? parameter(ones([channels])) : null;
    this.bias = affine ? parameter(zeros([channels])) : null;
    this.running_mean = tracks ? buffer(zeros([channels])) : null;
    this.running_var = tracks ? buffer(ones([channels])) : null;
    this.num_batches_tracked = tracks ? buffer(zeros([], { dtype: 'int64' })) : null;
  }

  protected argumentsFor(input: Tensor, ownStatistics: boolean, momentum: number): OperatorArgument[] {
    const { weight, bias, running_mean, running_var } = this;
    return [input, weight, bias, running_mean, running_var, ownStatistics, momentum, this.#options.eps, false];
  }
  protected get momentum(): number | null {
    return this.#options.momentum;
  }
  override extraRepr(): string {
    const { channels, ...rest } = this.#options;
    const isBatch = this instanceof BatchNorm;
    const usual = { eps: 1e-5, momentum: 0.1, affine: isBatch, trackRunningStats: isBatch };
    return describeOptions([channels], unusual(rest, usual));
  }
}

/** Batch normalization of each channel (Ioffe and Szegedy 2015, arXiv 1502.03167). */
export abstract class BatchNorm extends ChannelNorm {
  readonly #axes: Axes;

  constructor(axes: Axes, channels: number, options: BatchNormOptions) {
    super(`batchNorm${axes}d`, batchSchema, channels, options);
    this.#axes = axes;
  }

  /** Normalizes over all axes but the second and, in training, counts the batch. */
  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    const what = `nn.batchNorm${this.#axes}d`;
    const dim = isTensor(input) ? input.dim : -1;
    if (dim !== this.#axes + 2 && !(this.#axes === 1 && dim === 2))
      throw new NoduleTrainError(
        'torch',
        `${what}: the input is ${isTensor(input) ? `of shape [${input.shape}]` : typeof input}, ` +
          `expected ${this.#axes === 1 ? '[B, channels] or ' : ''}${inputShape(this.#axes)}`,
      );
    const { num_batches_tracked: batches, training } = this;
    const ownStatistics = training || this.running_mean === null;
    if (ownStatistics) checkSeveralValues(what, input, valuesPerChannel(input.shape), 'channel');
    let share = this.momentum ?? 0;
    if (training && batches !== null) {
      noGrad(() => batches.add_(1));
      if (this.momentum === null) share = 1 / Number(batches.item());
    }
    return [batchNorm, this.argumentsFor(input, ownStatistics, share)];
  }
}

/** Normalization of each channel of each sample (Ulyanov et al. 2016, arXiv 1607.08022). */
export abstract class InstanceNorm extends ChannelNorm {
  readonly #axes: Axes;

  constructor(axes: Axes, channels: number, options: InstanceNormOptions) {
    super(`instanceNorm${axes}d`, instanceSchema as typeof batchSchema, channels, options);
    this.#axes = axes;
  }

  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    const what = `nn.instanceNorm${this.#axes}d`;
    const dim = isTensor(input) ? input.dim : -1;
    if (dim !== this.#axes + 2)
      throw new NoduleTrainError(
        'torch',
        `${what}: the input is ${isTensor(input) ? `of shape [${input.shape}]` : typeof input}, ` +
          `expected ${inputShape(this.#axes)}`,
      );
    const ownStatistics = this.training || this.running_mean === null;
    if (ownStatistics)
      checkSeveralValues(
        what,
        input,
        input.shape.slice(2).reduce((product, size) => product * size, 1),
        'channel of a sample',
      );
    return [instanceNorm, this.argumentsFor(input, ownStatistics, this.momentum ?? 0)];
  }
}

export interface InstanceNormOptions extends BatchNormOptions {
  /** Weight of the newest batch in the running statistics. */
  momentum?: number | undefined;
  /** Learn a factor and an offset for each channel; default false. */
  affine?: boolean | undefined;
  /** Keep running statistics; default false. */
  trackRunningStats?: boolean | undefined;
}

/** Made by {@link batchNorm1d}. */
export class BatchNorm1d extends BatchNorm {}
/** Made by {@link batchNorm2d}. */
export class BatchNorm2d extends BatchNorm {}
/** Made by {@link batchNorm3d}. */
export class BatchNorm3d extends BatchNorm {}
/** Made by {@link instanceNorm1d}. */
export class InstanceNorm1d extends InstanceNorm {}
/** Made by {@link instanceNorm2d}. */
export class InstanceNorm2d extends InstanceNorm {}
/** Made by {@link instanceNorm3d}. */
export class InstanceNorm3d extends InstanceNorm {}

/** Makes PyTorch's `nn.BatchNorm1d`, for [B, channels] or [B, channels, L]. @throws NoduleTrainError `layer-options` */
export const batchNorm1d = (channels: number, options: BatchNormOptions = {}): BatchNorm1d =>
  new BatchNorm1d(1, channels, options);
/** Makes PyTorch's `nn.BatchNorm2d`, for [B, channels, H, W]. @throws NoduleTrainError `layer-options` */
export const batchNorm2d = (channels: number, options: BatchNormOptions = {}): BatchNorm2d =>
  new BatchNorm2d(2, channels, options);
/** Makes PyTorch's `nn.BatchNorm3d`, for [B, channels, D, H, W]. @throws NoduleTrainError `layer-options` */
export const batchNorm3d = (channels: number, options: BatchNormOptions = {}): BatchNorm3d =>
  new BatchNorm3d(3, channels, options);
/** Makes PyTorch's `nn.InstanceNorm1d`, for [B, channels, L]. @throws NoduleTrainError `layer-options` */
export const instanceNorm1d = (channels: number, options: InstanceNormOptions = {}): InstanceNorm1d =>
  new InstanceNorm1d(1, channels, options);
/** Makes PyTorch's `nn.InstanceNorm2d`, for [B, channels, H, W]. @throws NoduleTrainError `layer-options` */
export const instanceNorm2d = (channels: number, options: InstanceNormOptions = {}): InstanceNorm2d =>
  new InstanceNorm2d(2, channels, options);
/** Makes PyTorch's `nn.InstanceNorm3d`, for [B, channels, D, H, W]. @throws NoduleTrainError `layer-options` */
export const instanceNorm3d = (channels: number, options: InstanceNormOptions = {}): InstanceNorm3d =>
  new InstanceNorm3d(3, channels, options);
