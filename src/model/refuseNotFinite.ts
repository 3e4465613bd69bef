import { NoduleTrainError } from '../runtime/index.js';
import { ops, scope, type Tensor } from '../torch/index.js';

/**
 * Checks that the weights of a model are finite.
 * @throws NoduleTrainError `model-not-finite` with the first weight that is NaN or infinite
 */
export function refuseNotFinite(path: string, state: ReadonlyMap<string, Tensor>): void {
  scope(() => {
    for (const [name, tensor] of state) {
      if (tensor.dtype === 'int64') continue;
      const finite: Tensor = ops.isfinite(tensor);
      if ((ops.all(finite) as Tensor).item()) continue;
      const first = (ops.nonzero(ops.logical_not(finite)) as Tensor).select(0, 0).toArray() as number[];
      throw new NoduleTrainError(
        'model-not-finite',
        `reading the model ${path}: ${name}[${first.join(', ')}] is NaN or infinite, expected finite weights. ` +
          'The training diverged; use an earlier checkpoint.',
      );
    }
  });
}
