import { type IndexIRC, indexIRC, indexToWorld, type Volume, type WorldLPS } from '../ct/index.js';
import { type ModelOptions, openModel, predictScan } from '../model/index.js';
import { type Candidate, matchAt, type OperatingPoint, type PredictedScan } from '../score/index.js';
import { chooseDevice, type Device } from '../torch/index.js';
import { openScans } from './openScans.js';
import { checkScanChoice, type ScanChoice } from './scanChoice.js';

export interface MineOptions
  extends ScanChoice,
    ModelOptions,
    Partial<Pick<OperatingPoint, 'threshold' | 'minimumVoxels'>> {
  model: string;
  /** Keeps this many per scan, the most confident; default 16, as in a run that mines by itself. */
  mostPerScan?: number;
  device?: string;
  onProgress?: (done: number, scans: number, found: number) => void;
  signal?: AbortSignal;
}

/** A predicted component that touches no nodule. */
export interface FalsePositive {
  /** Its voxel nearest to its centre of mass, LPS mm: the centre of a curved component can be outside it. */
  center: WorldLPS;
  /** Mean probability. */
  score: number;
  voxels: number;
}

/**
 * Finds the false positives of a model on scans with ground truth, most confident first: 26-connected components above
 * the threshold that share no voxel with the truth and whose centre is in no nodule and in no finding to ignore. Use it
 * on training scans only: validation and test scans must not be trained on.
 *
 * @returns a list per series, which may be empty
 * @throws NoduleTrainError `spacing-unknown` for scans without millimetres, and what reading the data, the split and
 *   the model throws
 */
export async function mineFalsePositives(options: MineOptions): Promise<Map<string, FalsePositive[]>> {
  const { mostPerScan = 16, onProgress, signal } = options;
  checkScanChoice('mining false positives in', options);
  const { model, point } = openModel(options.model, chooseDevice(options.device ?? 'auto') as Device, options);
  const { threshold = point.threshold, minimumVoxels = point.minimumVoxels } = options;
  const { chosen, load } = await openScans('mining false positives in', options, { split: 'train', fold: 'train' });
  const mined = new Map<string, FalsePositive[]>();
  let found = 0;
  for await (const { scan: labelled, chosen: one } of load()) {
    const scan = await predictScan(labelled, model, {
      signal,
      onProgress: (slices, of) => onProgress?.(mined.size + slices / of, chosen.length, found),
    });
    const kept = falsePositives(scan, threshold, minimumVoxels).slice(0, mostPerScan);
    found += kept.length;
    mined.set(one.uid, kept);
  }
  return mined;
}

/** Finds the false positives of one scan, most confident first. */
export function falsePositives(scan: PredictedScan, threshold: number, minimumVoxels: number): FalsePositive[] {
  const { volume } = scan;
  const { candidates, matched } = matchAt(scan, threshold);
  return matched.components
    .filter(
      ({ hits, shared, ignored, voxels }) =>
        hits.length === 0 && shared.size === 0 && !ignored && voxels >= minimumVoxels,
    )
    .map(({ label }) => candidates.components[label - 1] as Candidate)
    .sort((a, b) => b.score - a.score || b.voxels - a.voxels)
    .map((candidate) => ({
      center: indexToWorld(volume, centralVoxel(volume, candidates.labels, candidate)),
      score: candidate.score,
      voxels: candidate.voxels,
    }));
}

/** Finds the voxel of a component nearest to its centre of mass, in mm; the first one of several. */
function centralVoxel(
  { shape, spacing }: Volume,
  labels: ArrayLike<number>,
  { label, low, high, centerIRC }: Candidate,
): IndexIRC {
  const [x, y, z] = spacing ?? [1, 1, 1];
  let nearest = indexIRC(...centerIRC);
  let least = Number.POSITIVE_INFINITY;
  for (let slice = low[0]; slice <= high[0]; slice++)
    for (let row = low[1]; row <= high[1]; row++)
      for (let column = low[2]; column <= high[2]; column++) {
        if (labels[(slice * shape[1] + row) * shape[2] + column] !== label) continue;
        const [dz, dy, dx] = [slice - centerIRC[0], row - centerIRC[1], column - centerIRC[2]];
        const distance = (dz * z) ** 2 + (dy * y) ** 2 + (dx * x) ** 2;
        if (distance >= least) continue;
        least = distance;
        nearest = indexIRC(slice, row, column);
      }
  return nearest;
}
