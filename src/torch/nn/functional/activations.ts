import { lazyOp } from '../../operators/operators.js';
import { scope } from '../../scope.js';
import type { DType } from '../../tensor/dtype.js';
import type { Tensor } from '../../tensor/tensor.js';
import { functionalError, placeOf, readOptions } from './options.js';

const A = {
  relu: lazyOp('aten::relu'),
  relu6: lazyOp('aten::relu6'),
  gelu: lazyOp('aten::gelu'),
  silu: lazyOp('aten::silu'),
  mish: lazyOp('aten::mish'),
  tanh: lazyOp('aten::tanh'),
  sigmoid: lazyOp('aten::sigmoid'),
  logSigmoid: lazyOp('aten::log_sigmoid'),
  hardswish: lazyOp('aten::hardswish'),
  hardsigmoid: lazyOp('aten::hardsigmoid'),
  hardtanh: lazyOp('aten::hardtanh'),
  leakyRelu: lazyOp('aten::leaky_relu'),
  prelu: lazyOp('aten::prelu'),
  elu: lazyOp('aten::elu'),
  selu: lazyOp('aten::selu'),
  celu: lazyOp('aten::celu'),
  softplus: lazyOp('aten::softplus'),
  glu: lazyOp('aten::glu'),
  softmax: lazyOp('aten::softmax.int'),
  logSoftmax: lazyOp('aten::log_softmax.int'),
};

/** max(x, 0). */
export const relu = (input: Tensor): Tensor => A.relu(input);
/** min(max(x, 0), 6). */
export const relu6 = (input: Tensor): Tensor => A.relu6(input);
/** x · sigmoid(x). */
export const silu = (input: Tensor): Tensor => A.silu(input);
/** x · tanh(softplus(x)). */
export const mish = (input: Tensor): Tensor => A.mish(input);
export const tanh = (input: Tensor): Tensor => A.tanh(input);
export const sigmoid = (input: Tensor): Tensor => A.sigmoid(input);
export const logsigmoid = (input: Tensor): Tensor => A.logSigmoid(input);
export const hardswish = (input: Tensor): Tensor => A.hardswish(input);
export const hardsigmoid = (input: Tensor): Tensor => A.hardsigmoid(input);
export const selu = (input: Tensor): Tensor => A.selu(input);
/** x where x > 0, else weight · x, with one weight or one for each channel. */
export const prelu = (input: Tensor, weight: Tensor): Tensor => A.prelu(input, weight);

export interface GeluOptions {
  /** `'tanh'` approximates the normal distribution by a hyperbolic tangent. */
  approximate?: 'none' | 'tanh' | undefined;
}
/** x · Φ(x), with the normal distribution Φ. */
export const gelu = (input: Tensor, options?: GeluOptions): Tensor => {
  const { approximate = 'none' } = readOptions('gelu', options, ['approximate']);
  placeOf('gelu', 'approximate', approximate, ['none', 'tanh']);
  return A.gelu(input, { approximate });
};

/** x where x > 0, else negativeSlope · x. */
export const leakyRelu = (input: Tensor, options?: { negativeSlope?: number | undefined }): Tensor => {
  const { negativeSlope = 0.01 } = readOptions('leakyRelu', options, ['negativeSlope']);
  return A.leakyRelu(input, negativeSlope);
};

/** x where x > 0, else alpha · (exp(x) - 1). */
export const elu = (input: Tensor, options?: { alpha?: number | undefined }): Tensor => {
  const { alpha = 1 } = readOptions('elu', options, ['alpha']);
  return A.elu(input, alpha);
};

/** x where x > 0, else alpha · (exp(x / alpha) - 1). */
export const celu = (input: Tensor, options?: { alpha?: number | undefined }): Tensor => {
  const { alpha = 1 } = readOptions('celu', options, ['alpha']);
  return A.celu(input, alpha);
};

/** log(1 + exp(beta · x)) / beta, and x where beta · x > threshold. */
export const softplus = (
  input: Tensor,
  options?: { beta?: number | undefined; threshold?: number | undefined },
): Tensor => {
  const { beta = 1, threshold = 20 } = readOptions('softplus', options, ['beta', 'threshold']);
  return A.softplus(input, beta, threshold);
};

/** min(max(x, minVal), maxVal). */
export const hardtanh = (
  input: Tensor,
  options?: { minVal?: number | undefined; maxVal?: number | undefined },
): Tensor => {
  const { minVal = -1, maxVal = 1 } = readOptions('hardtanh', options, ['minVal', 'maxVal']);
  return A.hardtanh(input, minVal, maxVal);
};

/** The first half of a dimension times the sigmoid of the second half. */
export const glu = (input: Tensor, dim = -1): Tensor => A.glu(input, dim);

export interface SoftmaxOptions {
  /** To convert to before, against overflow in half precision. */
  dtype?: DType | undefined;
}

const checkDim = (name: string, dim: number): void => {
  if (!Number.isInteger(dim))
    throw functionalError(name, `dim is ${typeof dim === 'number' ? dim : typeof dim}, expected an integer`);
};
/** exp(x) / Σ exp(x) over a dimension. */
export const softmax = (input: Tensor, dim: number, options?: SoftmaxOptions): Tensor => {
  checkDim('softmax', dim);
  const { dtype } = readOptions('softmax', options, ['dtype']);
  return A.softmax(input, dim, dtype ?? null);
};
/** x - log Σ exp(x) over a dimension. */
export const logSoftmax = (input: Tensor, dim: number, options?: SoftmaxOptions): Tensor => {
  checkDim('logSoftmax', dim);
  const { dtype } = readOptions('logSoftmax', options, ['dtype']);
  return A.logSoftmax(input, dim, dtype ?? null);
};
/** exp(-x) / Σ exp(-x) over a dimension. */
export const softmin = (input: Tensor, dim: number, options?: SoftmaxOptions): Tensor =>
  scope(() => softmax(input.neg(), dim, options));
