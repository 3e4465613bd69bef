import type { SliceBox, Volume } from '../ct/index.js';
import { CandidateStream, type OperatingPoint } from '../score/index.js';
import type { NoduleRegion } from './nodule.js';
import { noduleRegions } from './scan/noduleRegions.js';
import { scanPlanes } from './scan/scanPlanes.js';
import { chooseScanRegion, joinBoxes, type RegionKind } from './scan/scanRegion.js';
import type { ScanModel } from './scanModel.js';
import type { ScanOptions } from './scanProbabilities.js';

export interface SegmentScanOptions extends ScanOptions {
  /** Also return the probability of every voxel: four bytes each. */
  probabilities?: boolean | undefined;
}

/** The nodules of a scan as voxels. */
export interface SegmentedScan {
  /** Candidates that the operating point keeps, by descending score, numbered from 1. */
  regions: NoduleRegion[];
  /** Number of components above the threshold, before size and score were considered. */
  candidates: number;
  /** `[slices, rows, columns]`, 1 inside; null where no lungs were found. */
  lungs: Uint8Array | null;
  /** What was run: the kind, the number of slices, and the box around all of them, null for none. */
  region: { kind: RegionKind; slices: number; box: SliceBox | null };
  /** What the user should know about the region, one sentence each. */
  notes: readonly string[];
  /** `[slices, rows, columns]`, only if they were requested. */
  probabilities?: Float32Array;
}

/**
 * Segments a whole scan with one model, or with the mean of several. Candidates are found while slices stream: beside
 * the scan and its lung mask, memory holds one batch of slices.
 * @throws NoduleTrainError as `scanPlanes`
 */
export async function segmentScan(
  volume: Volume,
  model: ScanModel | readonly ScanModel[],
  point: OperatingPoint,
  { region = 'lungs', probabilities: wanted = false, ...options }: SegmentScanOptions = {},
): Promise<SegmentedScan> {
  const { shape } = volume;
  const size = shape[1] * shape[2];
  options.signal?.throwIfAborted();
  const chosen = chooseScanRegion(volume, region, { lungs: true });
  const stream = new CandidateStream(shape, point.threshold);
  const probabilities = wanted ? new Float32Array(volume.voxels.length) : null;
  for await (const { slice, plane, box } of scanPlanes(volume, [model].flat(), chosen, options)) {
    stream.add(slice, plane, box);
    probabilities?.set(plane, slice * size);
  }
  const found = stream.finish();
  return {
    regions: noduleRegions(found, shape[2], point),
    candidates: found.components.length,
    lungs: chosen.lungs,
    region: {
      kind: chosen.kind,
      slices: chosen.boxes.filter((box) => box !== null).length,
      box: joinBoxes(chosen.boxes),
    },
    notes: chosen.notes,
    ...(probabilities !== null && { probabilities }),
  };
}
