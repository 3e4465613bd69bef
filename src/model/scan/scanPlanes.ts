import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { SliceBox, Volume } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { ScanModel } from '../scanModel.js';
import type { ScanRegion } from './scanRegion.js';
import { slicePlanes } from './slicePlanes.js';
import { windowPlanes } from './windowPlanes.js';

export interface PlaneOptions {
  /** Slices per forward pass; four times as many windows. By default chosen for the device. */
  batch?: number | undefined;
  /** Distance between windows of a model with the input `minmax-window`; default 64, half a window. */
  stride?: number | undefined;
  /** Called after each slice of the region; `total` is their number. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Probabilities of one slice. */
export interface ScanPlane {
  slice: number;
  /** `[rows, columns]`; valid until the next slice. */
  plane: Float32Array;
  /** Part of the slice outside of which every probability is 0. */
  box: SliceBox;
}

/**
 * Runs one or several networks over the region of a scan, slice by slice and in step, so that no more than a batch of
 * probabilities exists at a time. Several models are an ensemble: their mean probability. A model with the input
 * `minmax-window` gets a scan in HU window by window. The event loop gets a turn after each slice.
 *
 * @yields the slices with probabilities, in ascending order
 * @throws NoduleTrainError `scan-intensity` for a volume of arbitrary intensity if a model expects HU;
 *   `scan-not-finite` if a network returns NaN or infinity; the reason of `signal` if it is aborted
 */
export async function* scanPlanes(
  volume: Volume,
  models: readonly ScanModel[],
  region: ScanRegion,
  { batch, stride, onProgress, signal }: PlaneOptions = {},
): AsyncGenerator<ScanPlane, void, void> {
  for (const model of models) refuseIntensity(volume, model);
  signal?.throwIfAborted();
  const total = region.boxes.filter((box) => box !== null).length;
  const streams = models.map((model) =>
    model.input.kind === 'minmax-window' && volume.intensity === 'hu'
      ? windowPlanes(volume, model, region, { windows: batch && 4 * batch, stride })
      : slicePlanes(volume, model, region, batch),
  );
  const mean = models.length === 1 ? null : new Float32Array(volume.shape[1] * volume.shape[2]);
  let done = 0;
  for (const [slice, box] of region.boxes.entries()) {
    const planes: Float32Array[] = [];
    for (const stream of streams) {
      const plane = stream.next().value ?? null;
      if (plane !== null && box !== null) planes.push(refuseNotFinite(volume, slice, plane, box));
      if (box !== null) {
        // Several models take several batches.
        await yieldToEvents();
        signal?.throwIfAborted();
      }
    }
    if (box === null) continue;
    if (planes.length > 0)
      yield { slice, box, plane: mean === null ? planes[0]! : averaged(planes, mean, models.length) };
    onProgress?.(++done, total);
    signal?.throwIfAborted();
  }
}

/** Writes the mean of the models' planes into `mean`; a model without windows in this slice has probability 0. */
function averaged(planes: readonly Float32Array[], mean: Float32Array, models: number): Float32Array {
  mean.fill(0);
  for (const plane of planes) for (let at = 0; at < mean.length; at++) mean[at]! += plane[at]!;
  for (let at = 0; at < mean.length; at++) mean[at]! /= models;
  return mean;
}

function refuseNotFinite(
  { uid, shape: [, , columns] }: Volume,
  slice: number,
  plane: Float32Array,
  { top, left, height, width }: SliceBox,
): Float32Array {
  // A sum is finite only if every value is; the first bad one is searched for only then.
  let sum = 0;
  for (let r = top; r < top + height; r++)
    for (let at = r * columns + left, end = at + width; at < end; at++) sum += plane[at]!;
  if (Number.isFinite(sum)) return plane;
  throw new NoduleTrainError(
    'scan-not-finite',
    `segmenting ${uid}: the network returned ${plane.find((value) => !Number.isFinite(value))} in slice ${slice}, ` +
      'expected probabilities: its weights are damaged. Use another checkpoint.',
  );
}

/** HU can be scaled to windows, but scaled windows cannot be converted back to HU. */
function refuseIntensity({ uid, intensity }: Volume, { input: { kind } }: ScanModel): void {
  if (intensity === 'hu' || kind === 'minmax-window') return;
  throw new NoduleTrainError(
    'scan-intensity',
    `segmenting ${uid}: its intensities are arbitrary, the model expects HU (input ${kind}). Give a scan in HU.`,
  );
}
