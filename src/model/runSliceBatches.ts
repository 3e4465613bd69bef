import type { Volume } from '../ct/index.js';
import { fromData, noGrad, op, scope, type Tensor } from '../torch/index.js';
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

/**
 * Builds the network input `[chosen, 2 * contextSlices + 1, H, W]`: HU clipped to the model's range, or arbitrary
 * values as they are.
 */
function stackSlices(volume: Volume, chosen: readonly number[], model: ScanModel): Tensor {
  const { voxels, shape, scale, offset } = volume;
  const [slices, rows, columns] = shape;
  const size = rows * columns;
  const channels = 2 * model.contextSlices + 1;
  const stored = new Int16Array(chosen.length * channels * size);
  chosen.forEach((slice, n) => {
    for (let channel = 0; channel < channels; channel++) {
      const from = Math.min(Math.max(slice + channel - model.contextSlices, 0), slices - 1) * size;
      stored.set(voxels.subarray(from, from + size), (n * channels + channel) * size);
    }
  });
  // int16 halves the bytes copied to the device.
  let image = fromData(stored, [chosen.length, channels, rows, columns]).to(model.device).to('float32');
  if (scale !== 1 || offset !== 0) image = image.mul(scale).add(offset);
  if (model.input.kind === 'hu-clip') image = image.clamp(model.input.low, model.input.high);
  const missing = (length: number) => (model.sizeMultiple - (length % model.sizeMultiple)) % model.sizeMultiple;
  const [down, right] = [missing(rows), missing(columns)];
  return down + right === 0 ? image : (op('aten::replication_pad2d')(image, [0, right, 0, down]) as Tensor);
}
