import { NoduleTrainError } from '../runtime/error.js';
import { ops, scope, type Tensor } from '../torch/index.js';

/** @throws NoduleTrainError `model-not-finite` with the first place of a model's weights that is no number */
export function refuseNotFinite(path: string, state: ReadonlyMap<string, Tensor>): void {
  scope(() => {
    for (const [name, tensor] of state) {
      if (tensor.dtype === 'int64') continue;
      const finite: Tensor = ops.isfinite(tensor);
      if ((ops.all(finite) as Tensor).item()) continue;
      const first = (ops.nonzero(ops.logical_not(finite)) as Tensor).select(0, 0).toArray() as number[];
      throw new NoduleTrainError(
        'model-not-finite',
        `reading the model ${path}: ${name}[${first.join(', ')}] is NaN or infinite, numbers are wanted; its training broke down: take an earlier checkpoint`,
      );
    }
  });
}
