import { z } from 'zod';
import { carryModes } from '../../autograd/modes.js';
import type { OperatorArgument } from '../../operators/operatorArguments.js';
import { lazyAsyncOp, lazyOp } from '../../operators/operators.js';
import type { Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { convolutionOptions, groupsAreEven, parseLayer, UNEVEN_GROUPS, unusual } from './layerOptions.js';
import { OperatorLayer, type OperatorPair, operatorPair } from './operatorLayer.js';
import { type Axes, filled, type Pair, type Single, type Sizes, sizes, type Triple } from './sizes.js';
import { uniformByFanIn } from './uniformByFanIn.js';

const plain = [1, 2, 3].map((axes) => operatorPair(`aten::conv${axes}d`));
const padded = [1, 2, 3].map((axes) => operatorPair(`aten::conv${axes}d.padding`));
const pad = lazyOp('aten::pad');
const padAsync = lazyAsyncOp('aten::pad');

const schemaOf = (axes: Axes) =>
  z
    .strictObject({
      ...convolutionOptions(axes),
      padding: z.union([z.enum(['same', 'valid']), sizes(axes, 0)]).default(filled(axes, 0)),
      paddingMode: z.enum(['zeros', 'reflect', 'replicate', 'circular']).default('zeros'),
    })
    .refine(groupsAreEven, UNEVEN_GROUPS)
    .refine(({ padding, stride }) => padding !== 'same' || stride.every((step) => step === 1), {
      path: ['padding'],
      message: "'same' is supported only with stride 1",
    });
const schemas = { 1: schemaOf(1), 2: schemaOf(2), 3: schemaOf(3) };

export interface ConvOptions<N extends Axes> {
  stride?: Sizes<N> | undefined;
  /** Elements added on each side of each axis; `'same'` keeps the size. */
  padding?: Sizes<N> | 'same' | 'valid' | undefined;
  /** What is added. */
  paddingMode?: 'zeros' | 'reflect' | 'replicate' | 'circular' | undefined;
  dilation?: Sizes<N> | undefined;
  groups?: number | undefined;
  bias?: boolean | undefined;
}
export type Conv1dOptions = ConvOptions<1>;
export type Conv2dOptions = ConvOptions<2>;
export type Conv3dOptions = ConvOptions<3>;

/** Elements to add before and after each axis, the last axis first, as `aten::pad` takes them. */
const paddingOf = ({ padding, kernel, dilation }: z.output<(typeof schemas)[Axes]>): number[] =>
  kernel
    .flatMap((size, i) => {
      if (padding === 'valid') return [0, 0];
      if (padding !== 'same') return [padding[i]!, padding[i]!];
      const total = dilation[i]! * (size - 1);
      return [total - Math.floor(total / 2), Math.floor(total / 2)];
    })
    .reverse();

/** Cross-correlation over one, two or three axes. */
export abstract class Conv<N extends Axes> extends OperatorLayer {
  /** [outChannels, inChannels / groups, ...kernel]. */
  readonly weight: Tensor;
  /** [outChannels]. */
  readonly bias: Tensor | null;
  readonly #axes: N;
  readonly #options: z.output<(typeof schemas)[Axes]>;
  /** How the input is padded before, unless with zeros. */
  readonly #before: number[] | null;

  constructor(axes: N, inChannels: number, outChannels: number, kernel: Sizes<N>, options: ConvOptions<N>) {
    super();
    this.#axes = axes;
    this.#options = parseLayer(`conv${axes}d`, schemas[axes], { inChannels, outChannels, kernel }, options);
    this.#before = this.#options.paddingMode === 'zeros' ? null : paddingOf(this.#options);
    const { groups, kernel: shape, bias: hasBias } = this.#options;
    const { weight, bias } = uniformByFanIn([outChannels, inChannels / groups, ...shape], hasBias ? outChannels : null);
    this.weight = weight;
    this.bias = bias;
  }

  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    const { stride, dilation, groups } = this.#options;
    const padding = this.#before === null ? this.#options.padding : 0;
    const operators = typeof padding === 'string' ? padded : plain;
    return [operators[this.#axes - 1]!, [input, this.weight, this.bias, stride, padding, dilation, groups]];
  }

  /** [B, inChannels, ...sizes] -> [B, outChannels, ...sizes']; without B too. */
  override forward(input: Tensor): Tensor {
    if (this.#before === null) return super.forward(input);
    const wider = pad(input, this.#before, this.#options.paddingMode);
    try {
      return super.forward(wider);
    } finally {
      wider.dispose();
    }
  }
  override async forwardAsync(input: Tensor): Promise<Tensor> {
    if (this.#before === null) return super.forwardAsync(input);
    const underModes = carryModes();
    const wider = await padAsync(input, this.#before, this.#options.paddingMode);
    try {
      return await underModes(() => super.forwardAsync(wider));
    } finally {
      wider.dispose();
    }
  }
  override extraRepr(): string {
    const { inChannels, outChannels, ...rest } = this.#options;
    const [none, one] = [filled(this.#axes, 0), filled(this.#axes, 1)];
    const usual = { stride: one, padding: none, paddingMode: 'zeros', dilation: one, groups: 1, bias: true };
    return describeOptions([inChannels, outChannels], unusual(rest, usual));
  }
}

/** Convolution over a sequence; made by {@link conv1d}. */
export class Conv1d extends Conv<1> {}
/** Convolution over rows and columns; made by {@link conv2d}. */
export class Conv2d extends Conv<2> {}
/** Convolution over slices, rows and columns; made by {@link conv3d}. */
export class Conv3d extends Conv<3> {}

/** Makes PyTorch's `nn.Conv1d`. @throws NoduleTrainError `layer-options` */
export const conv1d = (inChannels: number, outChannels: number, kernel: Single, options: Conv1dOptions = {}): Conv1d =>
  new Conv1d(1, inChannels, outChannels, kernel, options);
/** Makes PyTorch's `nn.Conv2d`. @throws NoduleTrainError `layer-options` */
export const conv2d = (inChannels: number, outChannels: number, kernel: Pair, options: Conv2dOptions = {}): Conv2d =>
  new Conv2d(2, inChannels, outChannels, kernel, options);
/** Makes PyTorch's `nn.Conv3d`. @throws NoduleTrainError `layer-options` */
export const conv3d = (inChannels: number, outChannels: number, kernel: Triple, options: Conv3dOptions = {}): Conv3d =>
  new Conv3d(3, inChannels, outChannels, kernel, options);
