import type { Volume } from '../ct/index.js';
import { noGrad, ops, scope, type Tensor } from '../torch/index.js';
import { paddedSlice, sliceInput } from './scan/sliceInput.js';
import type { ScanModel } from './scanModel.js';

export interface SliceBatchOptions {
  /** Slices per forward pass. */
  batch: number;
  /** Indices of the slices to run, ascending; by default all. */
  slices?: readonly number[] | undefined;
  /**
   * Called with each batch on the model's device: probabilities `[B, 1, H, W]`, without gradient, and the indices of
   * their slices.
   */
  onBatch?: ((probability: Tensor, slices: readonly number[]) => void) | undefined;
}

/**
 * Runs the network over slices of a scan with their neighbours as channels, one batch after another, and writes the
 * probabilities into `out`, `[slices, rows, columns]` in C order. Outside the scan its edge slices, rows and columns
 * repeat. Between batches the caller can report progress, give the event loop a turn, or stop.
 *
 * @yields how many slices are done
 */
export function* runSliceBatches(
  volume: Volume,
  model: ScanModel,
  out: Float32Array,
  { batch, slices, onBatch }: SliceBatchOptions,
): Generator<number, void, void> {
  const [depth, rows, columns] = volume.shape;
  const size = rows * columns;
  const chosen = slices ?? Array.from({ length: depth }, (_, slice) => slice);
  for (let at = 0; at < chosen.length; at += batch) {
    const some = chosen.slice(at, at + batch);
    noGrad(() =>
      scope(() => {
        const image = stackSlices(volume, some, model);
        const probability = model.net.forward(image).narrow(2, 0, rows).narrow(3, 0, columns).contiguous();
        onBatch?.(probability, some);
        const values = probability.to('cpu').to('float32').data() as Float32Array;
        for (const [n, slice] of some.entries()) out.set(values.subarray(n * size, (n + 1) * size), slice * size);
      }),
    );
    yield Math.min(at + batch, chosen.length);
  }
}

/** Builds the input of some slices: of each run of consecutive ones in one piece. */
function stackSlices(volume: Volume, chosen: readonly number[], model: ScanModel): Tensor {
  const box = paddedSlice(volume.shape, model);
  const inputs: Tensor[] = [];
  for (let at = 0; at < chosen.length; ) {
    let end = at + 1;
    while (end < chosen.length && chosen[end] === chosen[end - 1]! + 1) end++;
    inputs.push(sliceInput(volume, chosen[at]!, end - at, box, model));
    at = end;
  }
  return inputs.length === 1 ? inputs[0]! : ops.cat(inputs);
}
