import { NoduleTrainError } from '../../../runtime/index.js';
import type { Tensor } from '../../tensor/tensor.js';

/** Number of values that a normalization of channels takes together. */
export const valuesPerChannel = (shape: readonly number[]): number =>
  shape.reduce((product, size, axis) => (axis === 1 ? product : product * size), 1);

/** Refuses to normalize by the deviation of a single value, as PyTorch does. @throws NoduleTrainError `torch` */
export function checkSeveralValues(what: string, input: Tensor, values: number, group: string): void {
  if (values <= 1)
    throw new NoduleTrainError(
      'torch',
      `${what}: the input of shape [${input.shape}] has ${values} values per ${group}, ` +
        'expected more than one, as it divides by their deviation',
    );
}
