import { lazyOp } from '../../operators/operators.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import { checkSeveralValues, valuesPerChannel } from './checkSeveralValues.js';
import { checkTensor, functionalError, readOptions } from './options.js';

const A = {
  batchNorm: lazyOp('aten::batch_norm'),
  instanceNorm: lazyOp('aten::instance_norm'),
  layerNorm: lazyOp('aten::layer_norm'),
  groupNorm: lazyOp('aten::group_norm'),
  rmsNorm: lazyOp('aten::rms_norm'),
  vectorNorm: lazyOp('aten::linalg_vector_norm'),
};

export interface AffineOptions {
  weight?: Tensor | null | undefined;
  bias?: Tensor | null | undefined;
  eps?: number | undefined;
}
const AFFINE = ['weight', 'bias', 'eps'] as const;

export interface BatchNormFunctionOptions extends AffineOptions {
  /** Normalize by the statistics of the batch, and move the running ones. */
  training?: boolean | undefined;
  /** Weight of the batch in the running statistics. */
  momentum?: number | undefined;
}

/** Normalizes each channel by running statistics or, in training, by those of the batch. @param input [B, C, ...] */
export const batchNorm = (
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options?: BatchNormFunctionOptions,
): Tensor => {
  const known = [...AFFINE, 'training', 'momentum'] as const;
  const { weight, bias, training = false, momentum = 0.1, eps = 1e-5 } = readOptions('batchNorm', options, known);
  checkTensor('batchNorm', 'the input', input);
  if (!(eps > 0)) throw functionalError('batchNorm', `eps is ${eps}, expected a positive number`);
  if (training) checkSeveralValues('functional.batchNorm', input, valuesPerChannel(input.shape), 'channel');
  return A.batchNorm(
    input,
    weight ?? null,
    bias ?? null,
    runningMean ?? null,
    runningVar ?? null,
    training,
    momentum,
    eps,
    false,
  );
};

export interface InstanceNormFunctionOptions extends AffineOptions {
  runningMean?: Tensor | null | undefined;
  runningVar?: Tensor | null | undefined;
  /** Normalize by the statistics of each sample; default true. */
  useInputStats?: boolean | undefined;
  momentum?: number | undefined;
}

/** Normalizes each channel of each sample. @param input [B, C, ...] */
export const instanceNorm = (input: Tensor, options?: InstanceNormFunctionOptions): Tensor => {
  const known = [...AFFINE, 'runningMean', 'runningVar', 'useInputStats', 'momentum'] as const;
  const read = readOptions('instanceNorm', options, known);
  const { weight, bias, runningMean, runningVar, useInputStats = true, momentum = 0.1, eps = 1e-5 } = read;
  checkTensor('instanceNorm', 'the input', input);
  if (useInputStats) {
    const values = input.shape.slice(2).reduce((product, size) => product * size, 1);
    checkSeveralValues('functional.instanceNorm', input, values, 'channel of a sample');
  }
  return A.instanceNorm(
    input,
    weight ?? null,
    bias ?? null,
    runningMean ?? null,
    runningVar ?? null,
    useInputStats,
    momentum,
    eps,
    false,
  );
};

/** Normalizes over the last dimensions, of the sizes `normalizedShape`. */
export const layerNorm = (input: Tensor, normalizedShape: readonly number[], options?: AffineOptions): Tensor => {
  const { weight, bias, eps = 1e-5 } = readOptions('layerNorm', options, AFFINE);
  return A.layerNorm(input, normalizedShape, weight ?? null, bias ?? null, eps, false);
};

/** Divides by the root mean square over the last dimensions, of the sizes `normalizedShape`. */
export const rmsNorm = (
  input: Tensor,
  normalizedShape: readonly number[],
  options?: { weight?: Tensor | null | undefined; eps?: number | null | undefined },
): Tensor => {
  const { weight, eps } = readOptions('rmsNorm', options, ['weight', 'eps']);
  return A.rmsNorm(input, normalizedShape, weight ?? null, eps ?? null);
};

/** Normalizes groups of channels of each sample. @param input [B, C, ...] @param groups divides C */
export const groupNorm = (input: Tensor, groups: number, options?: AffineOptions): Tensor => {
  const { weight, bias, eps = 1e-5 } = readOptions('groupNorm', options, AFFINE);
  checkGroups('functional.groupNorm', input, groups);
  return A.groupNorm(input, groups, weight ?? null, bias ?? null, eps, false);
};

/** Refuses one value per group, as PyTorch does. @throws NoduleTrainError `torch` */
export function checkGroups(what: string, input: Tensor, groups: number): void {
  const name = 'groupNorm';
  checkTensor(name, 'the input', input);
  if (input.dim < 2) throw functionalError(name, `the input is of shape [${input.shape}], expected [B, channels, ...]`);
  if (!Number.isInteger(groups) || groups < 1)
    throw functionalError(name, `groups is ${groups}, expected a positive integer`);
  const [samples, channels, ...axes] = input.shape as [number, number, ...number[]];
  const values = axes.reduce((product, size) => product * size, Math.floor((samples * channels) / groups));
  if (values === 1) checkSeveralValues(what, input, values, 'group');
}

export interface NormalizeOptions {
  /** Exponent of the norm; default 2. */
  p?: number | undefined;
  /** Default 1. */
  dim?: number | undefined;
  /** Least norm to divide by. */
  eps?: number | undefined;
}

/** Divides by the p-norm over a dimension. */
export const normalize = (input: Tensor, options?: NormalizeOptions): Tensor => {
  const { p = 2, dim = 1, eps = 1e-12 } = readOptions('normalize', options, ['p', 'dim', 'eps']);
  checkTensor('normalize', 'the input', input);
  return scope(() => input.div(A.vectorNorm(input, p, [dim], true).clamp(eps)));
};
