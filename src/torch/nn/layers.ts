import { ones, zeros } from '../create.js';
import { noGrad } from '../gradMode.js';
import { lazyOp } from '../operators.js';
import type { Tensor } from '../tensor.js';
import { buffer, Module, parameter } from './module.js';

const uniform = lazyOp('aten::uniform_');
const applyLinear = lazyOp('aten::linear');
const applyConv2d = lazyOp('aten::conv2d');
const applyConvTranspose2d = lazyOp('aten::conv_transpose2d.input');
const applyBatchNorm = lazyOp('aten::batch_norm');

/** PyTorch's default for weights and biases of these layers: uniform in ±1 / sqrt(fan in). */
const drawn = (shape: readonly number[], fanIn: number): Tensor => {
  const tensor = zeros(shape);
  const bound = 1 / Math.sqrt(fanIn);
  noGrad(() => uniform(tensor, -bound, bound));
  return parameter(tensor);
};

class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  constructor(inFeatures: number, outFeatures: number, bias: boolean) {
    super();
    this.weight = drawn([outFeatures, inFeatures], inFeatures);
    this.bias = bias ? drawn([outFeatures], inFeatures) : null;
  }
  forward(input: Tensor): Tensor {
    return applyLinear(input, this.weight, this.bias);
  }
}

export interface ConvOptions {
  stride?: number;
  padding?: number;
  dilation?: number;
  groups?: number;
  bias?: boolean;
}

class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly #options: ConvOptions;
  constructor(inChannels: number, outChannels: number, kernel: number, options: ConvOptions) {
    super();
    this.#options = options;
    const inputs = inChannels / (options.groups ?? 1);
    const fanIn = inputs * kernel * kernel;
    this.weight = drawn([outChannels, inputs, kernel, kernel], fanIn);
    this.bias = options.bias === false ? null : drawn([outChannels], fanIn);
  }
  forward(input: Tensor): Tensor {
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = this.#options;
    return applyConv2d(input, this.weight, this.bias, stride, [padding, padding], dilation, groups);
  }
}

class ConvTranspose2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly #options: ConvOptions;
  constructor(inChannels: number, outChannels: number, kernel: number, options: ConvOptions) {
    super();
    this.#options = options;
    const outputs = outChannels / (options.groups ?? 1);
    // As torch counts it: the second axis, which here is the output.
    const fanIn = outputs * kernel * kernel;
    this.weight = drawn([inChannels, outputs, kernel, kernel], fanIn);
    this.bias = options.bias === false ? null : drawn([outChannels], fanIn);
  }
  forward(input: Tensor): Tensor {
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = this.#options;
    return applyConvTranspose2d(input, this.weight, this.bias, stride, padding, 0, groups, dilation);
  }
}

class BatchNorm2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly running_mean: Tensor;
  readonly running_var: Tensor;
  readonly num_batches_tracked: Tensor;
  readonly #eps: number;
  readonly #momentum: number;
  constructor(channels: number, eps: number, momentum: number) {
    super();
    this.#eps = eps;
    this.#momentum = momentum;
    this.weight = parameter(ones([channels]));
    this.bias = parameter(zeros([channels]));
    this.running_mean = buffer(zeros([channels]));
    this.running_var = buffer(ones([channels]));
    this.num_batches_tracked = buffer(zeros([], { dtype: 'int64' }));
  }
  forward(input: Tensor): Tensor {
    const { weight, bias, running_mean, running_var, training } = this;
    if (training) noGrad(() => this.num_batches_tracked.add_(1));
    return applyBatchNorm(input, weight, bias, running_mean, running_var, training, this.#momentum, this.#eps, false);
  }
}

class Relu extends Module {
  forward(input: Tensor): Tensor {
    return input.relu();
  }
}

class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return input.sigmoid();
  }
}

/** Modules one after the other, named 0, 1, … */
export class Sequential extends Module {
  readonly #modules: readonly Module[];
  constructor(modules: readonly Module[]) {
    super();
    this.#modules = modules;
  }
  override namedChildren(): [string, Module][] {
    return this.#modules.map((module, i) => [String(i), module]);
  }
  forward(input: Tensor): Tensor {
    return this.#modules.reduce<Tensor>((x, module) => module.forward(x), input);
  }
}

/** [..., inFeatures] -> [..., outFeatures]. */
export const linear = (inFeatures: number, outFeatures: number, options: { bias?: boolean } = {}): Module =>
  new Linear(inFeatures, outFeatures, options.bias !== false);
/** [B, inChannels, H, W] -> [B, outChannels, H', W']. */
export const conv2d = (inChannels: number, outChannels: number, kernel: number, options: ConvOptions = {}): Module =>
  new Conv2d(inChannels, outChannels, kernel, options);
/** [B, inChannels, H, W] -> [B, outChannels, H', W']. */
export const convTranspose2d = (
  inChannels: number,
  outChannels: number,
  kernel: number,
  options: ConvOptions = {},
): Module => new ConvTranspose2d(inChannels, outChannels, kernel, options);
/** Over [B, H, W] of each channel of [B, channels, H, W]; eps and momentum as in PyTorch. */
export const batchNorm2d = (channels: number, options: { eps?: number; momentum?: number } = {}): Module =>
  new BatchNorm2d(channels, options.eps ?? 1e-5, options.momentum ?? 0.1);
export const relu = (): Module => new Relu();
export const sigmoid = (): Module => new Sigmoid();
export const sequential = (...modules: Module[]): Sequential => new Sequential(modules);
