import { knownSpacing, type Volume } from '../ct/index.js';
import { connectedComponents, noduleScores, type ScanScore, scoreScan, type TrueNodule } from '../score/index.js';

/** Where probabilities become nodules. */
export interface OperatingPoint {
  /** A voxel belongs to a nodule above this probability. */
  threshold: number;
  /** Smaller components are dropped. */
  minimumVoxels: number;
}

/** A scan with its truth and what the network says of it. */
export interface PredictedScan {
  volume: Volume;
  /** 1 inside true nodules. */
  truth: Uint8Array;
  nodules: readonly TrueNodule[];
  probabilities: Float32Array;
}

export interface PointChoice extends OperatingPoint {
  /** On the scans it was chosen on. */
  sensitivity: number | null;
  falsePerScan: number;
  dice3d: number | null;
}

export interface PointOptions {
  maxFalsePerScan?: number;
  thresholds?: readonly number[];
  minimumVoxels?: readonly number[];
}

/**
 * Chooses threshold and smallest component on validation scans: of the pairs within `maxFalsePerScan` the one of the best
 * quality (found nodules weighted by Dice against misses and false components, see `noduleQuality`); if none is
 * within it, the one with the fewest false components.
 */
export function chooseOperatingPoint(
  scans: readonly PredictedScan[],
  {
    maxFalsePerScan = 4,
    thresholds = [0.3, 0.5, 0.7, 0.9, 0.97],
    minimumVoxels = [4, 8, 16, 32, 64],
  }: PointOptions = {},
): PointChoice {
  const tried = thresholds.flatMap((threshold) => {
    const cut = scans.map((scan) => componentsAbove(scan, threshold));
    return minimumVoxels.map((least) => {
      const scores = scans.map((scan, n) => scoreLarge(scan, cut[n] as Cut, least));
      const { sensitivity, falsePerScan, dice3d, quality } = noduleScores(scores);
      return { threshold, minimumVoxels: least, sensitivity, falsePerScan, dice3d, quality: quality ?? 0 };
    });
  });
  const allowed = tried.filter(({ falsePerScan }) => falsePerScan <= maxFalsePerScan);
  const [best] = allowed.length
    ? allowed.sort((a, b) => b.quality - a.quality || a.falsePerScan - b.falsePerScan)
    : tried.sort((a, b) => a.falsePerScan - b.falsePerScan);
  const { quality: _, ...choice } = best as (typeof tried)[number];
  return choice;
}

/** Scores a scan at an operating point. */
export function scoreAt(scan: PredictedScan, { threshold, minimumVoxels }: OperatingPoint): ScanScore {
  return scoreLarge(scan, componentsAbove(scan, threshold), minimumVoxels);
}

/** 1 where the model has nodule at an operating point. */
export function predictionAt(scan: PredictedScan, { threshold, minimumVoxels }: OperatingPoint): Uint8Array {
  return largeOnes(componentsAbove(scan, threshold), minimumVoxels);
}

type Cut = ReturnType<typeof componentsAbove>;

function componentsAbove({ volume, probabilities }: PredictedScan, threshold: number) {
  const mask = new Uint8Array(probabilities.length);
  for (let i = 0; i < mask.length; i++) mask[i] = (probabilities[i] as number) > threshold ? 1 : 0;
  return connectedComponents(mask, volume.shape, 26);
}

function scoreLarge(scan: PredictedScan, cut: Cut, least: number): ScanScore {
  const { volume, truth, nodules } = scan;
  const spacing = knownSpacing(volume, `scoring ${volume.uid}`);
  return scoreScan({ prediction: largeOnes(cut, least), truth, shape: volume.shape, spacing, nodules });
}

function largeOnes({ labels, components }: Cut, least: number): Uint8Array {
  const keep = new Uint8Array(components.length + 1);
  for (const { label, voxels } of components) keep[label] = voxels >= least ? 1 : 0;
  return Uint8Array.from(labels, (label) => keep[label] as number);
}
