import type { Volume } from '../ct/index.js';
import {
  type MatchedScan,
  matchScan,
  noduleScores,
  type ScanScore,
  scoreCrop,
  scoreMatched,
  type TrueNodule,
} from '../score/index.js';
import { type Candidates, candidatesAbove, isNodule, type OperatingPoint } from './candidates.js';

/** A scan with its truth and what the network says of it. */
export interface PredictedScan {
  volume: Volume;
  /** 1 inside true nodules. */
  truth: Uint8Array;
  nodules: readonly TrueNodule[];
  /** Neither wanted nor false. */
  ignored?: readonly TrueNodule[];
  /** A crop around its only nodule. */
  oneNodule?: boolean;
  probabilities: Float32Array;
}

export interface PointChoice extends OperatingPoint {
  /** On the scans it was chosen on. */
  sensitivity: number | null;
  falsePerScan: number;
  dice3d: number | null;
}

export interface PointGrid {
  thresholds?: readonly number[];
  minimumVoxels?: readonly number[];
  /** Tried scores, as shares of the way from the threshold to 1. */
  minimumScores?: readonly number[];
}

export interface PointOptions extends PointGrid {
  maxFalsePerScan?: number;
}

/** The scores of each scan at each operating point of a grid. */
export function scoresAtPoints(
  scans: readonly PredictedScan[],
  {
    thresholds = [0.3, 0.5, 0.7, 0.9],
    minimumVoxels = [4, 8, 16, 32, 64],
    minimumScores = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  }: PointGrid = {},
): { point: OperatingPoint; scores: ScanScore[] }[] {
  return thresholds.flatMap((threshold) => {
    const cuts = scans.map((scan) => cutAt(scan, threshold));
    return minimumVoxels.flatMap((voxels) =>
      minimumScores.map((share) => {
        const point = { threshold, minimumVoxels: voxels, minimumScore: threshold + share * (1 - threshold) };
        return { point, scores: cuts.map((cut) => scoreOf(cut, point)) };
      }),
    );
  });
}

/**
 * Chooses threshold, smallest size and lowest score on validation scans: of the points within `maxFalsePerScan` the one that
 * finds most nodules, among equals the one of the best quality (see `selectionScore`), then the looser one; if none is within
 * it, the one with the fewest false components.
 */
export function chooseOperatingPoint(
  scans: readonly PredictedScan[],
  { maxFalsePerScan = 4, ...grid }: PointOptions = {},
): PointChoice {
  const tried = scoresAtPoints(scans, grid).map(({ point, scores }) => {
    const { sensitivity, falsePerScan, dice3d, quality } = noduleScores(scores);
    return { ...point, sensitivity, falsePerScan, dice3d, quality: quality ?? 0 };
  });
  const allowed = tried.filter(({ falsePerScan }) => falsePerScan <= maxFalsePerScan);
  const [best] = allowed.length
    ? allowed.sort((a, b) => (b.sensitivity ?? 0) - (a.sensitivity ?? 0) || b.quality - a.quality || looserFirst(a, b))
    : tried.sort((a, b) => a.falsePerScan - b.falsePerScan);
  const { quality: _, ...choice } = best!;
  return choice;
}

const looserFirst = (a: OperatingPoint, b: OperatingPoint) =>
  a.minimumVoxels - b.minimumVoxels || a.minimumScore - b.minimumScore;

/** Scores a scan at an operating point. */
export function scoreAt(scan: PredictedScan, point: OperatingPoint): ScanScore {
  return scoreOf(cutAt(scan, point.threshold), point);
}

/** 1 where the model has nodule at an operating point. */
export function predictionAt({ volume, probabilities }: PredictedScan, point: OperatingPoint): Uint8Array {
  const { labels, components } = candidatesAbove(probabilities, volume.shape, point.threshold);
  const kept = Uint8Array.from([0, ...components.map((candidate) => (isNodule(candidate, point) ? 1 : 0))]);
  return Uint8Array.from(labels, (label) => kept[label]!);
}

/** A scan cut at a threshold, beside its truth: whatever is kept of it can be scored without the voxels. */
interface Cut {
  candidates: Candidates['components'];
  matched: MatchedScan;
  oneNodule: boolean;
}

/** Where the spacing is unknown, everything is counted in voxels. */
function cutAt(
  { volume, truth, nodules, ignored, oneNodule = false, probabilities }: PredictedScan,
  threshold: number,
): Cut {
  const candidates = candidatesAbove(probabilities, volume.shape, threshold);
  const spacing = volume.spacing ?? ([1, 1, 1] as const);
  const scan = {
    prediction: candidates.labels,
    truth,
    shape: volume.shape,
    spacing,
    nodules,
    ...(ignored && { ignored }),
  };
  return { candidates: candidates.components, matched: matchScan(scan, candidates), oneNodule };
}

const scoreOf = ({ candidates, matched, oneNodule }: Cut, point: OperatingPoint): ScanScore =>
  (oneNodule ? scoreCrop : scoreMatched)(matched, ({ label }) => isNodule(candidates[label - 1]!, point));
