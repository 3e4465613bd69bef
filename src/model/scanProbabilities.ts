import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { Volume } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/index.js';
import { runSliceBatches } from './runSliceBatches.js';
import type { ScanModel } from './scanModel.js';
import { windowProbabilities } from './windowProbabilities.js';

export interface ScanOptions {
  /** Slices per forward pass. */
  batch?: number;
  onProgress?: (slicesDone: number, slices: number) => void;
  signal?: AbortSignal;
}

/**
 * Runs the network over every slice with its neighbours as channels; beyond the ends, the edge slices are repeated. A
 * model with the input `minmax-window` gets a scan in HU window by window (see `windowProbabilities`). The event loop
 * gets a turn after each batch, so progress, timers and signals work meanwhile.
 *
 * @returns one probability per voxel, `[slices, rows, columns]` in C order
 * @throws NoduleTrainError `scan-intensity` for a volume of arbitrary intensity if the model expects HU;
 *   `scan-not-finite` if the network returns NaN or infinity
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
      `segmenting ${volume.uid}: the network returned ${out[bad]} in slice ${Math.floor(bad / (rows * columns))}, ` +
        'expected probabilities: its weights are damaged. Use another checkpoint.',
    );
  }
  return out;
}

async function sliceProbabilities(
  volume: Volume,
  model: ScanModel,
  { batch, onProgress, signal }: { [name in keyof ScanOptions]: ScanOptions[name] | undefined } & { batch: number },
): Promise<Float32Array> {
  const out = new Float32Array(volume.voxels.length);
  signal?.throwIfAborted();
  for (const done of runSliceBatches(volume, model, out, { batch })) {
    onProgress?.(done, volume.shape[0]);
    await yieldToEvents();
    signal?.throwIfAborted();
  }
  return out;
}

/** HU can be scaled to windows, but scaled windows cannot be converted back to HU. */
function refuseIntensity({ uid, intensity }: Volume, { input: { kind } }: ScanModel): void {
  if (intensity === 'hu' || kind === 'minmax-window') return;
  throw new NoduleTrainError(
    'scan-intensity',
    `segmenting ${uid}: its intensities are arbitrary, the model expects HU (input ${kind}). Give a scan in HU.`,
  );
}
