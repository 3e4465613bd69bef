import { z } from 'zod';
import { NoduleTrainError } from '../../../runtime/index.js';
import type { OperatorArgument } from '../../operators/operatorArguments.js';
import { isTensor, type Tensor } from '../../tensor/tensor.js';
import { describeOptions } from '../describeOptions.js';
import { parseLayer } from './layerOptions.js';
import { OperatorLayer, type OperatorPair, operatorPair } from './operatorLayer.js';
import { type Axes, inputShape } from './sizes.js';

const elements = operatorPair('aten::dropout');
const channels = operatorPair('aten::feature_dropout');

const schema = z.strictObject({ p: z.number().min(0).max(1) });

/** Sets elements to 0 with probability p in training and divides the rest by 1 - p; made by {@link dropout}. */
export class Dropout extends OperatorLayer {
  readonly #p: number;
  /** Number of axes after [B, channels] if whole channels are dropped. */
  readonly #axes: Axes | null;

  constructor(p: number, axes: Axes | null) {
    super();
    this.#p = parseLayer(axes === null ? 'dropout' : `dropout${axes}d`, schema, { p }).p;
    this.#axes = axes;
  }
  protected override call(input: Tensor): readonly [OperatorPair, OperatorArgument[]] {
    const axes = this.#axes;
    if (axes !== null && (!isTensor(input) || input.dim !== axes + 2))
      throw new NoduleTrainError(
        'torch',
        `nn.dropout${axes}d: the input is ${isTensor(input) ? `of shape [${input.shape}]` : typeof input}, ` +
          `expected ${inputShape(axes)}`,
      );
    return [axes === null ? elements : channels, [input, this.#p, this.training]];
  }
  override extraRepr(): string {
    return describeOptions([], { p: this.#p });
  }
}

/** As {@link Dropout}, whole channels; made by {@link dropout1d}. */
export class Dropout1d extends Dropout {}
/** As {@link Dropout}, whole channels; made by {@link dropout2d}. */
export class Dropout2d extends Dropout {}
/** As {@link Dropout}, whole channels; made by {@link dropout3d}. */
export class Dropout3d extends Dropout {}

/** Makes PyTorch's `nn.Dropout`. @throws NoduleTrainError `layer-options` */
export const dropout = (p = 0.5): Dropout => new Dropout(p, null);
/** Makes PyTorch's `nn.Dropout1d`, for [B, channels, L]. @throws NoduleTrainError `layer-options` */
export const dropout1d = (p = 0.5): Dropout1d => new Dropout1d(p, 1);
/** Makes PyTorch's `nn.Dropout2d`, for [B, channels, H, W]. @throws NoduleTrainError `layer-options` */
export const dropout2d = (p = 0.5): Dropout2d => new Dropout2d(p, 2);
/** Makes PyTorch's `nn.Dropout3d`, for [B, channels, D, H, W]. @throws NoduleTrainError `layer-options` */
export const dropout3d = (p = 0.5): Dropout3d => new Dropout3d(p, 3);
