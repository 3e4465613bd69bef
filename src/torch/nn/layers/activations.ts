import { z } from 'zod';
import type { Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { Module } from '../module.js';
import { FixedLayer } from './fixedLayer.js';
import { parseLayer } from './layerOptions.js';
import { operatorPair } from './operatorLayer.js';

const A = {
  relu: operatorPair('aten::relu'),
  sigmoid: operatorPair('aten::sigmoid'),
  tanh: operatorPair('aten::tanh'),
  gelu: operatorPair('aten::gelu'),
  silu: operatorPair('aten::silu'),
  leakyRelu: operatorPair('aten::leaky_relu'),
  elu: operatorPair('aten::elu'),
  softplus: operatorPair('aten::softplus'),
  softmax: operatorPair('aten::softmax.int'),
  logSoftmax: operatorPair('aten::log_softmax.int'),
  flatten: operatorPair('aten::flatten.using_ints'),
};

const finite = z.number();
const schemas = {
  gelu: z.strictObject({ approximate: z.enum(['none', 'tanh']).default('none') }),
  leakyRelu: z.strictObject({ negativeSlope: finite.default(0.01) }),
  elu: z.strictObject({ alpha: finite.default(1) }),
  softplus: z.strictObject({ beta: finite.default(1), threshold: finite.default(20) }),
  dim: z.strictObject({ dim: z.int() }),
  flatten: z.strictObject({ startDim: z.int().default(1), endDim: z.int().default(-1) }),
};

/** max(x, 0); made by {@link relu}. */
export class Relu extends FixedLayer {}
/** 1 / (1 + exp(-x)); made by {@link sigmoid}. */
export class Sigmoid extends FixedLayer {}
/** Made by {@link tanh}. */
export class Tanh extends FixedLayer {}
/** x · Φ(x), with the normal distribution Φ; made by {@link gelu}. */
export class Gelu extends FixedLayer {}
/** x · sigmoid(x); made by {@link silu}. */
export class Silu extends FixedLayer {}
/** x where x > 0, else negativeSlope · x; made by {@link leakyRelu}. */
export class LeakyRelu extends FixedLayer {}
/** x where x > 0, else alpha · (exp(x) - 1); made by {@link elu}. */
export class Elu extends FixedLayer {}
/** log(1 + exp(beta · x)) / beta; made by {@link softplus}. */
export class Softplus extends FixedLayer {}
/** exp(x) / Σ exp(x); made by {@link softmax}. */
export class Softmax extends FixedLayer {}
/** x - log Σ exp(x); made by {@link logSoftmax}. */
export class LogSoftmax extends FixedLayer {}
/** Made by {@link flatten}. */
export class Flatten extends FixedLayer {}

/** Returns its argument; made by {@link identity}. */
export class Identity extends Module {
  forward(input: Tensor): Tensor {
    return input;
  }
  override async forwardAsync(input: Tensor): Promise<Tensor> {
    return input;
  }
}

/** Makes a layer max(x, 0), PyTorch's `nn.ReLU`. */
export const relu = (): Relu => new Relu(A.relu);
/** Makes a layer 1 / (1 + exp(-x)), PyTorch's `nn.Sigmoid`. */
export const sigmoid = (): Sigmoid => new Sigmoid(A.sigmoid);
/** Makes PyTorch's `nn.Tanh`. */
export const tanh = (): Tanh => new Tanh(A.tanh);
/** Makes a layer x · sigmoid(x), PyTorch's `nn.SiLU`. */
export const silu = (): Silu => new Silu(A.silu);
/** Makes PyTorch's `nn.Identity`. */
export const identity = (): Identity => new Identity();

export interface GeluLayerOptions {
  /** `'tanh'` approximates the normal distribution by a hyperbolic tangent. */
  approximate?: 'none' | 'tanh' | undefined;
}
/** Makes PyTorch's `nn.GELU`. @throws NoduleTrainError `layer-options` */
export const gelu = (options: GeluLayerOptions = {}): Gelu => {
  const { approximate } = parseLayer('gelu', schemas.gelu, options);
  return new Gelu(A.gelu, [{ approximate }], describeOptions([], { approximate }));
};

/** Makes PyTorch's `nn.LeakyReLU`. @throws NoduleTrainError `layer-options` */
export const leakyRelu = (negativeSlope = 0.01): LeakyRelu => {
  const options = parseLayer('leakyRelu', schemas.leakyRelu, { negativeSlope });
  return new LeakyRelu(A.leakyRelu, [options.negativeSlope], describeOptions([], options));
};

/** Makes PyTorch's `nn.ELU`. @throws NoduleTrainError `layer-options` */
export const elu = (alpha = 1): Elu => {
  const options = parseLayer('elu', schemas.elu, { alpha });
  return new Elu(A.elu, [options.alpha], describeOptions([], options));
};

export interface SoftplusLayerOptions {
  beta?: number | undefined;
  /** x is returned as it is where beta · x is larger. */
  threshold?: number | undefined;
}
/** Makes PyTorch's `nn.Softplus`. @throws NoduleTrainError `layer-options` */
export const softplus = (options: SoftplusLayerOptions = {}): Softplus => {
  const parsed = parseLayer('softplus', schemas.softplus, options);
  return new Softplus(A.softplus, [parsed.beta, parsed.threshold], describeOptions([], parsed));
};

/** Makes PyTorch's `nn.Softmax` over a dimension. @throws NoduleTrainError `layer-options` */
export const softmax = (dim: number): Softmax => {
  const options = parseLayer('softmax', schemas.dim, { dim });
  return new Softmax(A.softmax, [options.dim, null], describeOptions([], options));
};
/** Makes PyTorch's `nn.LogSoftmax` over a dimension. @throws NoduleTrainError `layer-options` */
export const logSoftmax = (dim: number): LogSoftmax => {
  const options = parseLayer('logSoftmax', schemas.dim, { dim });
  return new LogSoftmax(A.logSoftmax, [options.dim, null], describeOptions([], options));
};

/** Makes PyTorch's `nn.Flatten`; the first dimension stays by default. @throws NoduleTrainError `layer-options` */
export const flatten = (startDim = 1, endDim = -1): Flatten => {
  const options = parseLayer('flatten', schemas.flatten, { startDim, endDim });
  return new Flatten(A.flatten, [options.startDim, options.endDim], describeOptions([], options));
};
