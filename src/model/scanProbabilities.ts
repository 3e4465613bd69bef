import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { Volume } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/error.js';
import { fromData, noGrad, ops, scope } from '../torch/index.js';
import { averagedFlips } from './averagedFlips.js';
import type { ScanModel } from './scanModel.js';
import { windowProbabilities } from './windowProbabilities.js';

export interface ScanOptions {
  /** Slices per forward pass. */
  batch?: number;
  onProgress?: (slicesDone: number, slices: number) => void;
  signal?: AbortSignal;
}

/**
 * Runs the network over every slice with its neighbours as channels; the edge slices are repeated beyond the ends. A scan in HU is given to
 * a model of the input `minmax-window` window by window (see `windowProbabilities`).
 * The event loop gets a turn after each batch, so progress, timers and signals work meanwhile.
 *
 * @returns one probability per voxel, `[slices, rows, columns]` in C order
 * @throws NoduleTrainError `scan-intensity` for a volume of arbitrary intensity where the model wants HU; `scan-not-finite` where the network gives NaN
 */
export async function scanProbabilities(
  volume: Volume,
  model: ScanModel,
  { batch = 4, onProgress, signal }: ScanOptions = {},
): Promise<Float32Array> {
  refuseIntensity(volume, model);
  const windowed = model.input.kind === 'minmax-window' && volume.intensity === 'hu';
  const out = windowed
    ? await windowProbabilities(volume, model, { windows: 4 * batch, onProgress, signal })
    : await sliceProbabilities(volume, model, { batch, onProgress, signal });
  const bad = out.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const [, rows, columns] = volume.shape;
    throw new NoduleTrainError(
      'scan-not-finite',
      `segmenting ${volume.uid}: the network gave ${out[bad]} in slice ${Math.floor(bad / (rows * columns))}, probabilities are wanted; its weights are damaged, take another checkpoint`,
    );
  }
  return out;
}

async function sliceProbabilities(
  volume: Volume,
  model: ScanModel,
  { batch, onProgress, signal }: { [name in keyof ScanOptions]: ScanOptions[name] | undefined } & { batch: number },
): Promise<Float32Array> {
  const [slices, rows, columns] = volume.shape;
  const out = new Float32Array(slices * rows * columns);
  for (let first = 0; first < slices; first += batch) {
    signal?.throwIfAborted();
    const count = Math.min(batch, slices - first);
    forwardSlices(volume, model, first, count, out.subarray(first * rows * columns, (first + count) * rows * columns));
    onProgress?.(first + count, slices);
    await yieldToEvents();
  }
  return out;
}

/** HU can be brought into windows scaled from their minimum and maximum, but never back. */
function refuseIntensity({ uid, intensity }: Volume, { input: { kind } }: ScanModel): void {
  if (intensity === 'hu' || kind === 'minmax-window') return;
  throw new NoduleTrainError(
    'scan-intensity',
    `segmenting ${uid}: its intensities are arbitrary, the model wants HU (input ${kind}); give a scan in HU`,
  );
}

function forwardSlices(volume: Volume, model: ScanModel, first: number, count: number, out: Float32Array) {
  const [, rows, columns] = volume.shape;
  const up = (size: number) => Math.ceil(size / model.sizeMultiple) * model.sizeMultiple;
  const [height, width] = [up(rows), up(columns)];
  const channels = 2 * model.contextSlices + 1;
  const slab = paddedSlab(volume, model, first - model.contextSlices, count + channels - 1, height, width);
  noGrad(() =>
    scope(() => {
      const stack = fromData(slab, [count + channels - 1, height, width]).to(model.device);
      // [count, H, W, channels] windows over the slab, then channels first.
      const image = ops.unfold(stack, 0, channels, 1).permute(0, 3, 1, 2).contiguous();
      const net = model.flips ? averagedFlips(model.net) : model.net;
      const probability = net.forward(image).to('cpu').to('float32');
      const cut = probability.narrow(2, 0, rows).narrow(3, 0, columns).contiguous();
      out.set(cut.data() as Float32Array);
    }),
  );
}

/** Clipped HU, or the values as they are, of slices `from … from + count - 1`, each padded at the far edges by repeating the last row and column. */
function paddedSlab(
  { voxels, shape, scale, offset }: Volume,
  { input }: ScanModel,
  from: number,
  count: number,
  height: number,
  width: number,
) {
  const [slices, rows, columns] = shape;
  const { low, high } =
    input.kind === 'hu-clip' ? input : { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const slab = new Float32Array(count * height * width);
  for (let slot = 0; slot < count; slot++) {
    const slice = Math.min(Math.max(from + slot, 0), slices - 1);
    for (let row = 0; row < height; row++) {
      const source = (slice * rows + Math.min(row, rows - 1)) * columns;
      const target = (slot * height + row) * width;
      for (let column = 0; column < width; column++) {
        const hu = (voxels[source + Math.min(column, columns - 1)] as number) * scale + offset;
        slab[target + column] = Math.min(Math.max(hu, low), high);
      }
    }
  }
  return slab;
}
