import { lazyOp } from '../../operators/operators.js';
import type { Tensor } from '../../tensor/tensor.js';
import { checkTensor, functionalError, readOptions } from './options.js';

const elements = lazyOp('aten::dropout');
const channels = lazyOp('aten::feature_dropout');

export interface DropoutOptions {
  /** Probability to drop; default 0.5. */
  p?: number | undefined;
  /** Default true. */
  training?: boolean | undefined;
}

const make =
  (name: string, drop: typeof elements, dims: readonly number[] | null) =>
  (input: Tensor, options?: DropoutOptions): Tensor => {
    const { p = 0.5, training = true } = readOptions(name, options, ['p', 'training']);
    if (!(p >= 0 && p <= 1)) throw functionalError(name, `p is ${p}, expected 0 to 1`);
    checkTensor(name, 'the input', input);
    if (dims !== null && !dims.includes(input.dim))
      throw functionalError(name, `the input is of shape [${input.shape}], expected ${dims.join(' or ')} dimensions`);
    return drop(input, p, training);
  };

/** Sets elements to 0 at random and scales the rest, in training. */
export const dropout = make('dropout', elements, null);
/** As {@link dropout}, whole channels of [B, C, L]. */
export const dropout1d = make('dropout1d', channels, [3]);
/** As {@link dropout}, whole channels of [B, C, H, W]. */
export const dropout2d = make('dropout2d', channels, [4]);
/** As {@link dropout}, whole channels of [B, C, D, H, W]. */
export const dropout3d = make('dropout3d', channels, [5]);
