import { lazyOp } from '../../operators/operators.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import { checkTensor, functionalError, placeOf, type Reduction, readOptions, reductionOf } from './options.js';

const A = {
  crossEntropy: lazyOp('aten::cross_entropy_loss'),
  nll: lazyOp('aten::nll_loss_nd'),
  binaryCrossEntropy: lazyOp('aten::binary_cross_entropy'),
  binaryCrossEntropyWithLogits: lazyOp('aten::binary_cross_entropy_with_logits'),
  mse: lazyOp('aten::mse_loss'),
  l1: lazyOp('aten::l1_loss'),
  smoothL1: lazyOp('aten::smooth_l1_loss'),
  huber: lazyOp('aten::huber_loss'),
  klDiv: lazyOp('aten::kl_div'),
};

export interface ReductionOptions {
  reduction?: Reduction | undefined;
}

/** Python broadcasts and warns that the result is likely wrong. */
const checkSameShape = (name: string, input: Tensor, target: Tensor): void => {
  checkTensor(name, 'the input', input);
  checkTensor(name, 'the target', target);
  if (String(input.shape) !== String(target.shape))
    throw functionalError(
      name,
      `the target is of shape [${target.shape}], expected that of the input, [${input.shape}]. ` +
        'Use expand or view if they should be broadcast.',
    );
};

export interface CrossEntropyOptions extends ReductionOptions {
  /** Weight of each class, [C]. */
  weight?: Tensor | null | undefined;
  /** Label that does not count; not with probabilities. */
  ignoreIndex?: number | undefined;
  /** Part of the target, from 0 to 1, that is spread over all classes. */
  labelSmoothing?: number | undefined;
}

/**
 * Cross entropy of logits.
 * @param input [B, C, ...] or [C]
 * @param target labels, int64 [B, ...] or [], or probabilities of the shape of `input`
 */
export const crossEntropy = (input: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor => {
  const name = 'crossEntropy';
  const known = ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing'] as const;
  const { weight, ignoreIndex = -100, reduction = 'mean', labelSmoothing = 0 } = readOptions(name, options, known);
  return A.crossEntropy(input, target, weight ?? null, reductionOf(name, reduction), ignoreIndex, labelSmoothing);
};

export interface NllLossOptions extends ReductionOptions {
  /** Weight of each class, [C]. */
  weight?: Tensor | null | undefined;
  /** Label that does not count. */
  ignoreIndex?: number | undefined;
}

/**
 * Negative log likelihood of log probabilities.
 * @param input [B, C, ...] or [C]
 * @param target labels, int64 [B, ...] or []
 */
export const nllLoss = (input: Tensor, target: Tensor, options?: NllLossOptions): Tensor => {
  const known = ['weight', 'ignoreIndex', 'reduction'] as const;
  const { weight, ignoreIndex = -100, reduction = 'mean' } = readOptions('nllLoss', options, known);
  return A.nll(input, target, weight ?? null, reductionOf('nllLoss', reduction), ignoreIndex);
};

export interface BinaryCrossEntropyOptions extends ReductionOptions {
  /** Weight of each element, of a shape that broadcasts to that of the target. */
  weight?: Tensor | null | undefined;
}

/** Cross entropy of probabilities from 0 to 1. @param target of the shape of `input` */
export const binaryCrossEntropy = (input: Tensor, target: Tensor, options?: BinaryCrossEntropyOptions): Tensor => {
  const name = 'binaryCrossEntropy';
  const { weight, reduction = 'mean' } = readOptions(name, options, ['weight', 'reduction']);
  checkSameShape(name, input, target);
  const place = reductionOf(name, reduction);
  return scope(() => A.binaryCrossEntropy(input, target, weight?.expand(...target.shape) ?? null, place));
};

export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** Weight of positive targets, of a shape that broadcasts to that of the target. */
  posWeight?: Tensor | null | undefined;
}

/** Cross entropy of the sigmoid of logits. @param target of the shape of `input` */
export const binaryCrossEntropyWithLogits = (
  input: Tensor,
  target: Tensor,
  options?: BinaryCrossEntropyWithLogitsOptions,
): Tensor => {
  const name = 'binaryCrossEntropyWithLogits';
  const { weight, posWeight, reduction = 'mean' } = readOptions(name, options, ['weight', 'posWeight', 'reduction']);
  checkSameShape(name, input, target);
  const place = reductionOf(name, reduction);
  return A.binaryCrossEntropyWithLogits(input, target, weight ?? null, posWeight ?? null, place);
};

/** Squared difference. @param target of the shape of `input` */
export const mseLoss = (input: Tensor, target: Tensor, options?: ReductionOptions): Tensor => {
  const { reduction = 'mean' } = readOptions('mseLoss', options, ['reduction']);
  checkSameShape('mseLoss', input, target);
  return A.mse(input, target, reductionOf('mseLoss', reduction));
};

/** Absolute difference. @param target of the shape of `input` */
export const l1Loss = (input: Tensor, target: Tensor, options?: ReductionOptions): Tensor => {
  const { reduction = 'mean' } = readOptions('l1Loss', options, ['reduction']);
  checkSameShape('l1Loss', input, target);
  return A.l1(input, target, reductionOf('l1Loss', reduction));
};

/** Absolute difference, below `beta` squared. @param target of the shape of `input` */
export const smoothL1Loss = (
  input: Tensor,
  target: Tensor,
  options?: ReductionOptions & { beta?: number | undefined },
): Tensor => {
  const { beta = 1, reduction = 'mean' } = readOptions('smoothL1Loss', options, ['beta', 'reduction']);
  checkSameShape('smoothL1Loss', input, target);
  const place = reductionOf('smoothL1Loss', reduction);
  return beta === 0 ? A.l1(input, target, place) : A.smoothL1(input, target, place, beta);
};

/** Squared difference, beyond `delta` absolute. @param target of the shape of `input` */
export const huberLoss = (
  input: Tensor,
  target: Tensor,
  options?: ReductionOptions & { delta?: number | undefined },
): Tensor => {
  const { delta = 1, reduction = 'mean' } = readOptions('huberLoss', options, ['delta', 'reduction']);
  checkSameShape('huberLoss', input, target);
  return A.huber(input, target, reductionOf('huberLoss', reduction), delta);
};

export interface KlDivOptions {
  /** `'batchmean'` is the sum divided by the size of the first dimension, the divergence of a batch. */
  reduction?: Reduction | 'batchmean' | undefined;
  /** Whether the target holds log probabilities too. */
  logTarget?: boolean | undefined;
}

/** Kullback-Leibler divergence. @param input log probabilities @param target probabilities */
export const klDiv = (input: Tensor, target: Tensor, options?: KlDivOptions): Tensor => {
  const { reduction = 'mean', logTarget = false } = readOptions('klDiv', options, ['reduction', 'logTarget']);
  checkTensor('klDiv', 'the input', input);
  placeOf('klDiv', 'reduction', reduction, ['none', 'mean', 'sum', 'batchmean']);
  const place = reductionOf('klDiv', reduction === 'batchmean' ? 'sum' : reduction);
  return scope(() => {
    const loss = A.klDiv(input, target, place, { logTarget });
    return reduction === 'batchmean' && input.dim > 0 ? loss.div(input.shape[0]!) : loss;
  });
};
