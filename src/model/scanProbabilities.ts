import type { Volume } from '../ct/index.js';
import { type PlaneOptions, scanPlanes } from './scan/scanPlanes.js';
import { chooseScanRegion, type RegionKind } from './scan/scanRegion.js';
import type { ScanModel } from './scanModel.js';

export interface ScanOptions extends PlaneOptions {
  /** Part of the scan that the network sees; default `lungs`. */
  region?: RegionKind | undefined;
}

/**
 * Runs a network, or the mean of several, over a scan and keeps every probability. `segmentScan` uses the same slices
 * without keeping them.
 *
 * @returns one probability per voxel, `[slices, rows, columns]` in C order, 0 outside the region
 * @throws NoduleTrainError as `scanPlanes`
 */
export async function scanProbabilities(
  volume: Volume,
  model: ScanModel | readonly ScanModel[],
  { region = 'lungs', ...options }: ScanOptions = {},
): Promise<Float32Array> {
  const out = new Float32Array(volume.voxels.length);
  const size = volume.shape[1] * volume.shape[2];
  options.signal?.throwIfAborted();
  const chosen = chooseScanRegion(volume, region);
  for await (const { slice, plane } of scanPlanes(volume, [model].flat(), chosen, options))
    out.set(plane, slice * size);
  return out;
}
