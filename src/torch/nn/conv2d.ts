import { z } from 'zod';
import { lazyAsyncOp, lazyOp } from '../operators/operators.js';
import type { Tensor } from '../tensor/tensor.js';
import { convolutionOptions, groupsAreEven, type Pair, pair, parseLayer, UNEVEN_GROUPS } from './layerOptions.js';
import { Module } from './module.js';
import { uniformByFanIn } from './uniformByFanIn.js';

const applyConv2d = lazyOp('aten::conv2d');
const applyConv2dPadded = lazyOp('aten::conv2d.padding');
const applyConv2dAsync = lazyAsyncOp('aten::conv2d');
const applyConv2dPaddedAsync = lazyAsyncOp('aten::conv2d.padding');

const schema = z
  .strictObject({
    ...convolutionOptions,
    padding: z.union([z.enum(['same', 'valid']), pair(0)]).default([0, 0]),
  })
  .refine(groupsAreEven, UNEVEN_GROUPS)
  .refine(({ padding, stride }) => padding !== 'same' || (stride[0] === 1 && stride[1] === 1), {
    path: ['padding'],
    message: "'same' is supported only with stride 1",
  });

export interface Conv2dOptions {
  stride?: Pair;
  /** Rows and columns of zeros on each side; `'same'` keeps the size. */
  padding?: Pair | 'same' | 'valid';
  dilation?: Pair;
  groups?: number;
  bias?: boolean;
}

/** Cross-correlation over rows and columns; made by {@link conv2d}. */
export class Conv2d extends Module {
  /** [outChannels, inChannels / groups, rows, columns]. */
  readonly weight: Tensor;
  /** [outChannels]. */
  readonly bias: Tensor | null;
  readonly #options: z.output<typeof schema>;

  constructor(inChannels: number, outChannels: number, kernel: Pair, options: Conv2dOptions = {}) {
    super();
    this.#options = parseLayer('conv2d', schema, { inChannels, outChannels, kernel, ...options });
    const { groups, kernel: sizes, bias: hasBias } = this.#options;
    const { weight, bias } = uniformByFanIn([outChannels, inChannels / groups, ...sizes], hasBias ? outChannels : null);
    this.weight = weight;
    this.bias = bias;
  }

  /** [B, inChannels, H, W] -> [B, outChannels, H', W']. */
  forward(input: Tensor): Tensor {
    const { stride, padding, dilation, groups } = this.#options;
    const apply = typeof padding === 'string' ? applyConv2dPadded : applyConv2d;
    return apply(input, this.weight, this.bias, stride, padding, dilation, groups);
  }
  override forwardAsync(input: Tensor): Promise<Tensor> {
    const { stride, padding, dilation, groups } = this.#options;
    const apply = typeof padding === 'string' ? applyConv2dPaddedAsync : applyConv2dAsync;
    return apply(input, this.weight, this.bias, stride, padding, dilation, groups);
  }
}

/** Makes PyTorch's `nn.Conv2d` with zero padding. @throws NoduleTrainError `layer-options` */
export const conv2d = (inChannels: number, outChannels: number, kernel: Pair, options: Conv2dOptions = {}): Conv2d =>
  new Conv2d(inChannels, outChannels, kernel, options);
