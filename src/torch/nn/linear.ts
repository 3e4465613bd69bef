import { z } from 'zod';
import { lazyAsyncOp, lazyOp } from '../operators/operators.js';
import type { Tensor } from '../tensor/tensor.js';
import { count, parseLayer } from './layerOptions.js';
import { Module } from './module.js';
import { uniformByFanIn } from './uniformByFanIn.js';

const applyLinear = lazyOp('aten::linear');
const applyLinearAsync = lazyAsyncOp('aten::linear');

const schema = z.strictObject({ inFeatures: count, outFeatures: count, bias: z.boolean().default(true) });

export interface LinearOptions {
  bias?: boolean;
}

/** input · weightᵀ + bias; made by {@link linear}. */
export class Linear extends Module {
  /** [outFeatures, inFeatures]. */
  readonly weight: Tensor;
  /** [outFeatures]. */
  readonly bias: Tensor | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    const parsed = parseLayer('linear', schema, { inFeatures, outFeatures, ...options });
    const { weight, bias } = uniformByFanIn([outFeatures, inFeatures], parsed.bias ? outFeatures : null);
    this.weight = weight;
    this.bias = bias;
  }

  /** [..., inFeatures] -> [..., outFeatures]. */
  forward(input: Tensor): Tensor {
    return applyLinear(input, this.weight, this.bias);
  }
  override forwardAsync(input: Tensor): Promise<Tensor> {
    return applyLinearAsync(input, this.weight, this.bias);
  }
}

/** Makes PyTorch's `nn.Linear`. @throws NoduleTrainError `layer-options` */
export const linear = (inFeatures: number, outFeatures: number, options: LinearOptions = {}): Linear =>
  new Linear(inFeatures, outFeatures, options);
