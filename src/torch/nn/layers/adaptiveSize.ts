import { NoduleTrainError } from '../../../runtime/index.js';
import { isTensor, type Tensor } from '../../tensor/tensor.js';
import type { Axes } from './sizes.js';

/** Size of a result: one number for all axes, or one for each; null keeps an axis. */
export type AdaptiveSizes<N extends Axes> = number | null | (readonly (number | null)[] & { readonly length: N });

/** Returns the size of each axis of the result. @throws NoduleTrainError `torch` */
export function adaptiveSize<N extends Axes>(what: string, input: Tensor, axes: N, given: AdaptiveSizes<N>): number[] {
  if (!isTensor(input) || input.dim < axes)
    throw new NoduleTrainError(
      'torch',
      `${what}: the input is ${isTensor(input) ? `of shape [${input.shape}]` : typeof input}, ` +
        `expected a Tensor of ${axes + 1} or ${axes + 2} dimensions`,
    );
  const sizes = Array.isArray(given) ? [...given] : new Array(axes).fill(given);
  const isRight = (size: unknown) => size === null || (Number.isInteger(size) && (size as number) >= 0);
  if (sizes.length !== axes || !sizes.every(isRight))
    throw new NoduleTrainError(
      'torch',
      `${what}: outputSize is ${Array.isArray(given) ? `[${given}]` : given}, expected an integer of at least 0 or null, ` +
        `or a list of ${axes}`,
    );
  return sizes.map((size: number | null, i) => size ?? input.shape[input.dim - axes + i]!);
}
