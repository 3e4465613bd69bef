import type { Volume } from '../ct/index.js';
import { type Candidates, candidatesAbove, isNodule, type OperatingPoint } from './candidates.js';
import { scoreCrop } from './cropScore.js';
import { type MatchedScan, matchScan, type ScanScore, scoreMatched, type TrueNodule } from './matching.js';
import { noduleScores } from './noduleScore.js';

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

const defaultGrid = {
  thresholds: [0.3, 0.5, 0.7, 0.9],
  minimumVoxels: [4, 8, 16, 32, 64],
  minimumScores: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
} satisfies PointGrid;

/** Scans at each threshold of a grid, beside their truth: enough for every point of the grid, without any voxels. */
export class PointSearch {
  readonly #grid: Required<PointGrid>;
  readonly #cuts: Cut[][];

  constructor(grid: PointGrid = {}) {
    this.#grid = { ...defaultGrid, ...grid };
    this.#cuts = this.#grid.thresholds.map(() => []);
  }

  add(scan: PredictedScan): void {
    for (const [at, threshold] of this.#grid.thresholds.entries()) this.#cuts[at]!.push(cutAt(scan, threshold));
  }

  /** The scores of each scan at each point. */
  scores(): { point: OperatingPoint; scores: ScanScore[] }[] {
    const { thresholds, minimumVoxels, minimumScores } = this.#grid;
    return thresholds.flatMap((threshold, at) =>
      minimumVoxels.flatMap((voxels) =>
        minimumScores.map((share) => {
          const point = { threshold, minimumVoxels: voxels, minimumScore: threshold + share * (1 - threshold) };
          return { point, scores: this.#cuts[at]!.map((cut) => scoreOf(cut, point)) };
        }),
      ),
    );
  }

  /**
   * The point of the best `selectionScore` among those that leave at most the share `mostMissed` of the nodules with agreement without any
   * voxel; where none does, the one that misses least. Among equals the looser one.
   */
  best(mostMissed: number): SelectedPoint {
    const tried = this.scores().map(({ point, scores }) => {
      const { quality, missed, nodules } = noduleScores(scores);
      return { ...point, score: quality ?? 0, missed, nodules };
    });
    const least = Math.min(...tried.map(({ missed }) => missed));
    const allowed = tried.filter(({ missed, nodules }) => missed <= Math.max(least, mostMissed * nodules));
    return allowed.sort((a, b) => b.score - a.score || looserFirst(a, b))[0]!;
  }
}

export interface SelectedPoint extends OperatingPoint {
  /** Of the scans it was chosen on: `selectionScore`, nodules with agreement, and those of them without any voxel. */
  score: number;
  nodules: number;
  missed: number;
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
  const search = new PointSearch(grid);
  for (const scan of scans) search.add(scan);
  const tried = search.scores().map(({ point, scores }) => {
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
