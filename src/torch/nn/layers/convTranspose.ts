import { z } from 'zod';
import type { OperatorArgument } from '../../operators/operatorArguments.js';
import type { Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { convolutionOptions, groupsAreEven, parseLayer, UNEVEN_GROUPS, unusual } from './layerOptions.js';
import { OperatorLayer, type OperatorPair, operatorPair } from './operatorLayer.js';
import { type Axes, filled, type Pair, type Single, type Sizes, sizes, type Triple } from './sizes.js';
import { uniformByFanIn } from './uniformByFanIn.js';

const operators = ['conv_transpose1d', 'conv_transpose2d.input', 'conv_transpose3d.input'].map((name) =>
  operatorPair(`aten::${name}`),
);

const schemaOf = (axes: Axes) =>
  z
    .strictObject({
      ...convolutionOptions(axes),
      padding: sizes(axes, 0).default(filled(axes, 0)),
      outputPadding: sizes(axes, 0).default(filled(axes, 0)),
    })
    .refine(groupsAreEven, UNEVEN_GROUPS);
const schemas = { 1: schemaOf(1), 2: schemaOf(2), 3: schemaOf(3) };

export interface ConvTransposeOptions<N extends Axes> {
  stride?: Sizes<N> | undefined;
  /** Elements removed from the output on each side of each axis. */
  padding?: Sizes<N> | undefined;
  /** Elements added to the output at the end of each axis. */
  outputPadding?: Sizes<N> | undefined;
  dilation?: Sizes<N> | undefined;
  groups?: number | undefined;
  bias?: boolean | undefined;
}
export type ConvTranspose1dOptions = ConvTransposeOptions<1>;
export type ConvTranspose2dOptions = ConvTransposeOptions<2>;
export type ConvTranspose3dOptions = ConvTransposeOptions<3>;

/** Transposed convolution: the gradient of a convolution with respect to its input. */
export abstract class ConvTranspose<N extends Axes> extends OperatorLayer {
  /** [inChannels, outChannels / groups, ...kernel]. */
  readonly weight: Tensor;
  /** [outChannels]. */
  readonly bias: Tensor | null;
  readonly #axes: N;
  readonly #options: z.output<(typeof schemas)[Axes]>;

  constructor(axes: N, inChannels: number, outChannels: number, kernel: Sizes<N>, options: ConvTransposeOptions<N>) {
    super();
    this.#axes = axes;
    this.#options = parseLayer(`convTranspose${axes}d`, schemas[axes], { inChannels, outChannels, kernel }, options);
    const { groups, kernel: shape, bias: hasBias } = this.#options;
    const { weight, bias } = uniformByFanIn([inChannels, outChannels / groups, ...shape], hasBias ? outChannels : null);
    this.weight = weight;
    this.bias = bias;
  }

  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    const { stride, padding, outputPadding, dilation, groups } = this.#options;
    const args = [input, this.weight, this.bias, stride, padding, outputPadding, groups, dilation];
    return [operators[this.#axes - 1]!, args];
  }
  override extraRepr(): string {
    const { inChannels, outChannels, ...rest } = this.#options;
    const [none, one] = [filled(this.#axes, 0), filled(this.#axes, 1)];
    const usual = { stride: one, padding: none, outputPadding: none, dilation: one, groups: 1, bias: true };
    return describeOptions([inChannels, outChannels], unusual(rest, usual));
  }
}

/** Made by {@link convTranspose1d}. */
export class ConvTranspose1d extends ConvTranspose<1> {}
/** Made by {@link convTranspose2d}. */
export class ConvTranspose2d extends ConvTranspose<2> {}
/** Made by {@link convTranspose3d}. */
export class ConvTranspose3d extends ConvTranspose<3> {}

/** Makes PyTorch's `nn.ConvTranspose1d`. @throws NoduleTrainError `layer-options` */
export const convTranspose1d = (
  inChannels: number,
  outChannels: number,
  kernel: Single,
  options: ConvTranspose1dOptions = {},
): ConvTranspose1d => new ConvTranspose1d(1, inChannels, outChannels, kernel, options);
/** Makes PyTorch's `nn.ConvTranspose2d`. @throws NoduleTrainError `layer-options` */
export const convTranspose2d = (
  inChannels: number,
  outChannels: number,
  kernel: Pair,
  options: ConvTranspose2dOptions = {},
): ConvTranspose2d => new ConvTranspose2d(2, inChannels, outChannels, kernel, options);
/** Makes PyTorch's `nn.ConvTranspose3d`. @throws NoduleTrainError `layer-options` */
export const convTranspose3d = (
  inChannels: number,
  outChannels: number,
  kernel: Triple,
  options: ConvTranspose3dOptions = {},
): ConvTranspose3d => new ConvTranspose3d(3, inChannels, outChannels, kernel, options);
