import { bookCandidates } from './bookCandidates.js';
import { type Candidates, candidatesAbove, isNodule } from './candidates.js';
import { compareNodules, type NoduleComparison } from './compareNodules.js';
import { scoreCrop } from './cropScore.js';
import { type MatchedScan, matchScan, type ScanScore, scoreMatched, voxelsOfNodules } from './matching.js';
import { noduleScores } from './noduleScores.js';
import type { OperatingPoint } from './operatingPoint.js';
import type { PredictedScan } from './predictedScan.js';
import type { ScoreCompat } from './scoreCompat.js';

/** An operating point with its figures on the scans it was chosen on. */
export interface PointChoice extends OperatingPoint {
  sensitivity: number | null;
  falsePerScan: number;
  dice3d: number | null;
}

/** Operating points to try. */
export interface PointGrid {
  thresholds?: readonly number[];
  minimumVoxels?: readonly number[];
  /** Lowest scores, as fractions of the way from the threshold to 1. */
  minimumScores?: readonly number[];
}

export interface PointOptions extends PointGrid {
  /** Largest number of false components per scan; default 4. */
  maxFalsePerScan?: number;
}

const DEFAULT_GRID = {
  thresholds: [0.3, 0.5, 0.7, 0.9],
  minimumVoxels: [4, 8, 16, 32, 64],
  minimumScores: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
} satisfies PointGrid;

/**
 * Searches a grid of operating points. Keeps each scan's matches with the ground truth at every
 * threshold, not its voxels.
 */
export class PointSearch {
  readonly #grid: Required<PointGrid>;
  readonly #cuts: Cut[][];

  constructor(grid: PointGrid = {}) {
    this.#grid = { ...DEFAULT_GRID, ...grid };
    this.#cuts = this.#grid.thresholds.map(() => []);
  }

  /** Matches a scan at each threshold. */
  add(scan: PredictedScan): void {
    for (const [at, threshold] of this.#grid.thresholds.entries()) this.#cuts[at]!.push(cutAt(scan, threshold));
  }

  /** Scores every scan at every point. */
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
   * Picks the point with the best `selectionScore` among those that miss at most the share `mostMissed` of the nodules
   * with agreement (no voxel predicted), or, if none does, among those that miss the fewest. Ties go to the looser
   * point.
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

/** An operating point with its figures on the scans it was chosen on. */
export interface SelectedPoint extends OperatingPoint {
  /** `selectionScore`. */
  score: number;
  /** Nodules with agreement. */
  nodules: number;
  /** Those of them without any predicted voxel. */
  missed: number;
}

/**
 * Chooses threshold, smallest size and lowest score on validation scans: the point within `maxFalsePerScan` that finds
 * the most nodules. Ties go to the best quality (see `selectionScore`), then to the looser point. If no point is within
 * the limit, it chooses the one with the fewest false components.
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

/** What a model predicts in a scan at an operating point. */
export interface PointResult {
  score: ScanScore;
  /** Makes the predicted mask: 1 inside nodules, `[slices, rows, columns]`. */
  mask(): Uint8Array;
  /** Number of candidates above the threshold, before the operating point drops any. */
  candidates: number;
  /** Compares each true nodule with what is predicted for it. */
  compare(): NoduleComparison[];
}

/**
 * Applies an operating point to a scan: its score and, on demand, the predicted mask, from one search for candidates.
 */
export function applyPoint(scan: PredictedScan, point: OperatingPoint, compat: ScoreCompat = {}): PointResult {
  const { candidates, matched } = matchAt(scan, point.threshold, compat);
  const { oneNodule = false, truth, nodules } = scan;
  const { shape, spacing } = scan.volume;
  return {
    candidates: candidates.components.length,
    compare: () => {
      const own = voxelsOfNodules(truth, shape, spacing ?? [1, 1, 1], nodules).map((list) => Int32Array.from(list));
      const compared = { shape, spacing, candidates, matched, truth: own, oneNodule };
      return compareNodules(compared, (candidate) => isNodule(candidate, point));
    },
    score: scoreOf({ candidates: candidates.components, matched, oneNodule }, point),
    mask: () => maskOf(candidates, point),
  };
}

/** Scores a scan at an operating point. */
export function scoreAt(scan: PredictedScan, point: OperatingPoint): ScanScore {
  return applyPoint(scan, point).score;
}

/** Makes the mask that a model predicts at an operating point: 1 inside nodules, `[slices, rows, columns]`. */
export function predictionAt({ volume, probabilities }: PredictedScan, point: OperatingPoint): Uint8Array {
  return maskOf(candidatesAbove(probabilities, volume.shape, point.threshold), point);
}

function maskOf({ labels, components }: Candidates, point: OperatingPoint): Uint8Array {
  const kept = Uint8Array.from([0, ...components.map((candidate) => (isNodule(candidate, point) ? 1 : 0))]);
  return Uint8Array.from(labels, (label) => kept[label]!);
}

/**
 * Finds the candidates of a scan above a threshold and matches them with its truth. With unknown spacing, all distances
 * are in voxels.
 */
export function matchAt(
  { volume, truth, nodules, ignored, probabilities }: PredictedScan,
  threshold: number,
  { erodeFirst = false, looseMatching = false }: ScoreCompat = {},
): { candidates: Candidates; matched: MatchedScan } {
  const { shape, spacing } = volume;
  const candidates = erodeFirst
    ? bookCandidates(volume, probabilities, threshold)
    : candidatesAbove(probabilities, shape, threshold);
  const prediction = candidates.labels;
  const scan = { prediction, truth, shape, spacing: spacing ?? ([1, 1, 1] as const), nodules };
  const rule = looseMatching ? { hitDiameters: 0.7 } : { ...(ignored && { ignored }) };
  return { candidates, matched: matchScan({ ...scan, ...rule }, candidates) };
}

/**
 * A scan at one threshold, matched with its truth: it can be scored for any choice of candidates without the voxels.
 */
interface Cut {
  candidates: Candidates['components'];
  matched: MatchedScan;
  oneNodule: boolean;
}

function cutAt(scan: PredictedScan, threshold: number): Cut {
  const { candidates, matched } = matchAt(scan, threshold);
  return { candidates: candidates.components, matched, oneNodule: scan.oneNodule ?? false };
}

const scoreOf = ({ candidates, matched, oneNodule }: Cut, point: OperatingPoint): ScanScore =>
  (oneNodule ? scoreCrop : scoreMatched)(matched, ({ label }) => isNodule(candidates[label - 1]!, point));
