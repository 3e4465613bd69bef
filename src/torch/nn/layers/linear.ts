import { z } from 'zod';
import type { OperatorArgument } from '../../operators/operatorArguments.js';
import type { Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { parseLayer } from './layerOptions.js';
import { OperatorLayer, type OperatorPair, operatorPair } from './operatorLayer.js';
import { count } from './sizes.js';
import { uniformByFanIn } from './uniformByFanIn.js';

const applyLinear = operatorPair('aten::linear');

const schema = z.strictObject({ inFeatures: count, outFeatures: count, bias: z.boolean().default(true) });

export interface LinearOptions {
  bias?: boolean | undefined;
}

/** input · weightᵀ + bias; made by {@link linear}. [..., inFeatures] -> [..., outFeatures]. */
export class Linear extends OperatorLayer {
  /** [outFeatures, inFeatures]. */
  readonly weight: Tensor;
  /** [outFeatures]. */
  readonly bias: Tensor | null;
  readonly #options: z.output<typeof schema>;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    this.#options = parseLayer('linear', schema, { inFeatures, outFeatures }, options);
    const hasBias = this.#options.bias;
    const { weight, bias } = uniformByFanIn([outFeatures, inFeatures], hasBias ? outFeatures : null);
    this.weight = weight;
    this.bias = bias;
  }

  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    return [applyLinear, [input, this.weight, this.bias]];
  }
  override extraRepr(): string {
    const { inFeatures, outFeatures, bias } = this.#options;
    return describeOptions([inFeatures, outFeatures], bias ? {} : { bias });
  }
}

/** Makes PyTorch's `nn.Linear`. @throws NoduleTrainError `layer-options` */
export const linear = (inFeatures: number, outFeatures: number, options: LinearOptions = {}): Linear =>
  new Linear(inFeatures, outFeatures, options);
