import type { OperatorArgument } from '../../operators/operatorArguments.js';
import { zeros } from '../../tensor/create.js';
import type { Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { INTERPOLATE_OPTIONS, type InterpolateOptions, planInterpolation } from '../functional/interpolate.js';
import { readOptions } from '../functional/options.js';
import { OperatorLayer, type OperatorPair } from './operatorLayer.js';

/** Resizes [B, channels, ...sizes]; made by {@link upsample}. */
export class Upsample extends OperatorLayer {
  readonly #options: InterpolateOptions;

  constructor(options: InterpolateOptions) {
    super();
    this.#options = { ...readOptions('interpolate', options, INTERPOLATE_OPTIONS) };
    // The lists too, so that a later change of theirs has no effect.
    for (const option of ['size', 'scaleFactor'] as const) {
      const given = this.#options[option];
      if (Array.isArray(given)) this.#options[option] = [...given];
    }
    const { mode = 'nearest', size, scaleFactor } = this.#options;
    const given = size ?? scaleFactor;
    const axes = { linear: 1, trilinear: 3 }[mode as string] ?? (typeof given === 'object' ? given.length : 2);
    const probe = zeros(new Array(axes + 2).fill(1));
    // Faults of the options are reported here, not at the first call.
    planInterpolation('interpolate', probe, this.#options);
    probe.dispose();
  }
  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    return planInterpolation('interpolate', input, this.#options);
  }
  override extraRepr(): string {
    return describeOptions([], this.#options);
  }
}

/** Makes PyTorch's `nn.Upsample`, with all options of `interpolate`. @throws NoduleTrainError `torch` */
export const upsample = (options: InterpolateOptions): Upsample => new Upsample(options);
