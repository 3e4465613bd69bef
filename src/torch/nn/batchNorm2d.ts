import { z } from 'zod';
import { NoduleTrainError } from '../../runtime/index.js';
import { noGrad } from '../autograd/modes.js';
import type { OperatorArgument } from '../operators/operatorArguments.js';
import { lazyAsyncOp, lazyOp } from '../operators/operators.js';
import { ones, zeros } from '../tensor/create.js';
import { isTensor, type Tensor } from '../tensor/tensor.js';
import { count, parseLayer } from './layerOptions.js';
import { buffer, Module, parameter } from './module.js';

const applyBatchNorm = lazyOp('aten::batch_norm');
const applyBatchNormAsync = lazyAsyncOp('aten::batch_norm');

const schema = z.strictObject({
  channels: count,
  eps: z.number().min(0).default(1e-5),
  momentum: z.number().min(0).max(1).nullable().default(0.1),
  affine: z.boolean().default(true),
  trackRunningStats: z.boolean().default(true),
});

export interface BatchNorm2dOptions {
  eps?: number;
  /** Weight of the newest batch in the running statistics; null: the mean over all batches. */
  momentum?: number | null;
  /** Learn a factor and an offset for each channel. */
  affine?: boolean;
  /** Keep running statistics; without them `eval()` uses the batch's own too. */
  trackRunningStats?: boolean;
}

/**
 * Batch normalization of each channel (Ioffe and Szegedy 2015, arXiv 1502.03167). Property names are Python's. Made by
 * {@link batchNorm2d}.
 */
export class BatchNorm2d extends Module {
  /** [channels]. */
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly running_mean: Tensor | null;
  /** The unbiased variance. */
  readonly running_var: Tensor | null;
  readonly num_batches_tracked: Tensor | null;
  readonly #eps: number;
  readonly #momentum: number | null;

  constructor(channels: number, options: BatchNorm2dOptions = {}) {
    super();
    const parsed = parseLayer('batchNorm2d', schema, { channels, ...options });
    this.#eps = parsed.eps;
    this.#momentum = parsed.momentum;
    const tracks = parsed.trackRunningStats;
    this.weight = parsed.affine ? parameter(ones([channels])) : null;
    this.bias = parsed.affine ? parameter(zeros([channels])) : null;
    this.running_mean = tracks ? buffer(zeros([channels])) : null;
    this.running_var = tracks ? buffer(ones([channels])) : null;
    this.num_batches_tracked = tracks ? buffer(zeros([], { dtype: 'int64' })) : null;
  }

  /** [B, channels, H, W] -> the same shape, normalized over [B, H, W]. */
  forward(input: Tensor): Tensor {
    return applyBatchNorm(...this.#counted(input));
  }
  override async forwardAsync(input: Tensor): Promise<Tensor> {
    return applyBatchNormAsync(...this.#counted(input));
  }

  /** Returns the operator's arguments and, in training, counts the batch. */
  #counted(input: Tensor): OperatorArgument[] {
    if (!isTensor(input) || input.dim !== 4)
      throw new NoduleTrainError(
        'torch',
        `nn.batchNorm2d: the input is ${isTensor(input) ? `of shape [${input.shape}]` : typeof input}, ` +
          'expected [B, channels, H, W]',
      );
    const { weight, bias, running_mean, running_var, num_batches_tracked: batches, training } = this;
    const [samples, , rows, columns] = input.shape as [number, number, number, number];
    if ((training || running_mean === null) && samples * rows * columns <= 1)
      throw new NoduleTrainError(
        'torch',
        `nn.batchNorm2d: the input of shape [${input.shape}] has ${samples * rows * columns} values per channel, ` +
          'expected more than one in training, as it divides by their deviation',
      );
    let share = this.#momentum ?? 0;
    if (training && batches !== null) {
      noGrad(() => batches.add_(1));
      if (this.#momentum === null) share = 1 / Number(batches.item());
    }
    const ownStatistics = training || running_mean === null;
    return [input, weight, bias, running_mean, running_var, ownStatistics, share, this.#eps, false];
  }
}

/** Makes PyTorch's `nn.BatchNorm2d`. @throws NoduleTrainError `layer-options` */
export const batchNorm2d = (channels: number, options: BatchNorm2dOptions = {}): BatchNorm2d =>
  new BatchNorm2d(channels, options);
