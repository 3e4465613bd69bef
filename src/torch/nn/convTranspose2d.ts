import { z } from 'zod';
import { lazyAsyncOp, lazyOp } from '../operators/operators.js';
import type { Tensor } from '../tensor/tensor.js';
import { convolutionOptions, groupsAreEven, type Pair, pair, parseLayer, UNEVEN_GROUPS } from './layerOptions.js';
import { Module } from './module.js';
import { uniformByFanIn } from './uniformByFanIn.js';

const applyConvTranspose2d = lazyOp('aten::conv_transpose2d.input');
const applyConvTranspose2dAsync = lazyAsyncOp('aten::conv_transpose2d.input');

const schema = z
  .strictObject({
    ...convolutionOptions,
    padding: pair(0).default([0, 0]),
    outputPadding: pair(0).default([0, 0]),
  })
  .refine(groupsAreEven, UNEVEN_GROUPS);

export interface ConvTranspose2dOptions {
  stride?: Pair;
  /** Rows and columns removed from the output on each side. */
  padding?: Pair;
  /** Rows and columns added to the output at the end. */
  outputPadding?: Pair;
  dilation?: Pair;
  groups?: number;
  bias?: boolean;
}

/** Transposed convolution: the gradient of a convolution with respect to its input. Made by {@link convTranspose2d}. */
export class ConvTranspose2d extends Module {
  /** [inChannels, outChannels / groups, rows, columns]. */
  readonly weight: Tensor;
  /** [outChannels]. */
  readonly bias: Tensor | null;
  readonly #options: z.output<typeof schema>;

  constructor(inChannels: number, outChannels: number, kernel: Pair, options: ConvTranspose2dOptions = {}) {
    super();
    this.#options = parseLayer('convTranspose2d', schema, { inChannels, outChannels, kernel, ...options });
    const { groups, kernel: sizes, bias: hasBias } = this.#options;
    const { weight, bias } = uniformByFanIn([inChannels, outChannels / groups, ...sizes], hasBias ? outChannels : null);
    this.weight = weight;
    this.bias = bias;
  }

  /** [B, inChannels, H, W] -> [B, outChannels, H', W']. */
  forward(input: Tensor): Tensor {
    const { stride, padding, outputPadding, dilation, groups } = this.#options;
    return applyConvTranspose2d(input, this.weight, this.bias, stride, padding, outputPadding, groups, dilation);
  }
  override forwardAsync(input: Tensor): Promise<Tensor> {
    const { stride, padding, outputPadding, dilation, groups } = this.#options;
    return applyConvTranspose2dAsync(input, this.weight, this.bias, stride, padding, outputPadding, groups, dilation);
  }
}

/** Makes PyTorch's `nn.ConvTranspose2d`. @throws NoduleTrainError `layer-options` */
export const convTranspose2d = (
  inChannels: number,
  outChannels: number,
  kernel: Pair,
  options: ConvTranspose2dOptions = {},
): ConvTranspose2d => new ConvTranspose2d(inChannels, outChannels, kernel, options);
