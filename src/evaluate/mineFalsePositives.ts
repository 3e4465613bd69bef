import { type IndexIRC, indexIRC, indexToWorld, type Volume, type WorldLPS } from '../ct/index.js';
import { openDataset } from '../data/index.js';
import { type ModelOptions, openModel, predictScan } from '../model/index.js';
import { type Candidate, candidatesAbove, matchScan, type OperatingPoint, type PredictedScan } from '../score/index.js';
import { chooseDevice, type Device } from '../torch/index.js';
import { checkScanChoice, chooseScans, type ScanChoice } from './scanChoice.js';

export interface MineOptions
  extends ScanChoice,
    ModelOptions,
    Partial<Pick<OperatingPoint, 'threshold' | 'minimumVoxels'>> {
  model: string;
  /** The surest so many of each scan; default 16, as many as a run keeps of each by itself. */
  mostPerScan?: number;
  device?: string;
  onProgress?: (done: number, scans: number, found: number) => void;
  signal?: AbortSignal;
}

/** A component that touches no nodule. */
export interface FalsePositive {
  /** Its voxel nearest to its centre, LPS mm: of a curved one the centre itself can lie in something else. */
  center: WorldLPS;
  /** Mean probability. */
  score: number;
  voxels: number;
}

/**
 * Finds what a model takes for nodules on scans where it is known better, surest first: 26-connected components above the threshold that
 * share no voxel with the truth, whose centre lies in no nodule and in no finding that is neither wanted nor false. Meant for
 * the scans that train; what validates or is scored must not be taught.
 *
 * @returns by series, also where there are none
 * @throws NoduleTrainError `spacing-unknown` for scans without millimetres, what reading data, split and model throws
 */
export async function mineFalsePositives(options: MineOptions): Promise<Map<string, FalsePositive[]>> {
  const { mostPerScan = 16, onProgress, signal } = options;
  checkScanChoice('mining false positives in', options);
  const { model, point } = openModel(options.model, chooseDevice(options.device ?? 'auto') as Device, options);
  const { threshold = point.threshold, minimumVoxels = point.minimumVoxels } = options;
  const dataset = await openDataset(options.data, options.source);
  const chosen = await chooseScans('mining false positives in', dataset, options, { split: 'train', fold: 'train' });
  const uids = chosen.map(({ uid }) => uid);
  const mined = new Map<string, FalsePositive[]>();
  let found = 0;
  for (const [at, uid] of uids.entries()) {
    const scan = await predictScan(await dataset.load(uid), model, {
      signal,
      onProgress: (slices, of) => onProgress?.(at + slices / of, uids.length, found),
    });
    const false_ = falsePositives(scan, threshold, minimumVoxels).slice(0, mostPerScan);
    found += false_.length;
    mined.set(uid, false_);
  }
  return mined;
}

/** Of one scan, surest first. */
export function falsePositives(
  { volume, truth, nodules, ignored, probabilities }: PredictedScan,
  threshold: number,
  minimumVoxels: number,
): FalsePositive[] {
  const candidates = candidatesAbove(probabilities, volume.shape, threshold);
  const matched = matchScan(
    {
      prediction: candidates.labels,
      truth,
      shape: volume.shape,
      spacing: volume.spacing ?? [1, 1, 1],
      nodules,
      ...(ignored && { ignored }),
    },
    candidates,
  );
  return matched.components
    .filter(
      ({ hits, shared, ignored: passed, voxels }) =>
        hits.length === 0 && shared.size === 0 && !passed && voxels >= minimumVoxels,
    )
    .map(({ label }) => candidates.components[label - 1] as Candidate)
    .sort((a, b) => b.score - a.score || b.voxels - a.voxels)
    .map((candidate) => ({
      center: indexToWorld(volume, middleVoxel(volume, candidates.labels, candidate)),
      score: candidate.score,
      voxels: candidate.voxels,
    }));
}

function middleVoxel(
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
