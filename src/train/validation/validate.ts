import type { LabelledScan } from '../../data/index.js';
import { runSliceBatches, type ScanModel } from '../../model/index.js';
import {
  ignoredNodules,
  matchScan,
  type NoduleScores,
  noduleScores,
  type ScanScore,
  scoreCrop,
  scoreMatched,
  trueNodules,
} from '../../score/index.js';
import { fromData, type Tensor } from '../../torch/index.js';
import { type PixelMetrics, pixelMetrics } from '../parts/metrics.js';
import type { StepCounts } from '../parts/stepCounts.js';
import type { Session } from '../session/session.js';
import { type PrecisionRecall, PrecisionRecallCounts } from './precisionRecall.js';
import { noduleCenters, type ValidationPicture, validationPictures } from './validationPictures.js';

/** What validation needs to run a network over scans. */
export interface PredictionParts {
  /** Its network is in evaluation mode. */
  model: ScanModel;
  positiveSlicesOnly: boolean;
  /** Sees each batch, `[B, 1, H, W]`, with its labels on the same device. */
  judge?: (probability: Tensor, mask: Tensor) => void;
  /** Called with the number of the scan (from 1), how many of its slices are done, and how many it has. */
  onSlices(scan: number, slices: number, of: number): void;
  stopRequested(): boolean;
}

export interface ValidationParts extends Omit<PredictionParts, 'judge'> {
  scans: () => AsyncIterable<LabelledScan>;
  criterion: (probability: Tensor, mask: Tensor) => Tensor;
  counts: StepCounts;
  threshold: number;
  minimumVoxels: number;
  /** How many slices to show; they are the same in every validation. */
  pictured: number;
}

export interface Validation {
  metrics: PixelMetrics;
  nodules: NoduleScores & { scans: number };
  /** Over all pixels that were looked at. */
  precisionRecall: PrecisionRecall;
  pictures: ValidationPicture[];
}

/** Returns what validation needs to run `net`, the network of a session or a copy of it. */
export const predictionParts = (
  { config, description, device, stopRequested }: Pick<Session, 'config' | 'description' | 'device' | 'stopRequested'>,
  net: ScanModel['net'],
  onSlices: PredictionParts['onSlices'],
): PredictionParts => ({
  model: {
    net,
    device,
    contextSlices: config.contextSlices,
    input: description.input,
    sizeMultiple: description.sizeMultiple,
  },
  positiveSlicesOnly: config.compat.positiveSlicesOnly,
  onSlices,
  stopRequested,
});

/** Slices per forward pass. */
const BATCH = 4;

/** Scores the network on whole scans, slice by slice in pixels and scan by scan in 3D; null where a stop was asked for. */
export async function validate(parts: ValidationParts): Promise<Validation | null> {
  const { counts, criterion } = parts;
  const { contextSlices } = parts.model;
  counts.reset();
  const curve = new PrecisionRecallCounts(parts.model.device);
  const judge = (probability: Tensor, mask: Tensor) => {
    counts.add(probability, mask, criterion(probability, mask));
    curve.add(probability, mask);
  };
  const scores: ScanScore[] = [];
  const pictures: ValidationPicture[] = [];
  let shown = 0;
  for await (const scan of parts.scans()) {
    const probabilities = predictScan(scan, scores.length + 1, { ...parts, judge });
    if (probabilities === null) return null;
    const prediction = Uint8Array.from(probabilities, (value) => (value > parts.threshold ? 1 : 0));
    const [, rows, columns] = scan.volume.shape;
    for (const middle of noduleCenters(scan).slice(0, parts.pictured - shown)) {
      const slice = [middle[0] * rows * columns, (middle[0] + 1) * rows * columns] as const;
      // A slice without a label is not looked at then.
      if (parts.positiveSlicesOnly && !scan.mask.subarray(...slice).includes(1)) continue;
      const probability = probabilities.subarray(...slice);
      pictures.push(...validationPictures({ scan, middle, probability, prediction, contextSlices }));
      shown++;
    }
    scores.push(scorePrediction(scan, prediction, parts.minimumVoxels));
  }
  const precisionRecall = curve.read();
  return {
    metrics: pixelMetrics(counts.read()),
    nodules: { ...noduleScores(scores), scans: scores.length },
    precisionRecall,
    pictures,
  };
}

/**
 * Runs the network over a scan as evaluation does. Returns probabilities `[slices, rows, columns]`, 0 in slices that are skipped, or null
 * where a stop was requested.
 */
export function predictScan(scan: LabelledScan, number: number, parts: PredictionParts): Float32Array | null {
  const { model, judge } = parts;
  const [depth, rows, columns] = scan.volume.shape;
  const size = rows * columns;
  const slices = Array.from({ length: depth }, (_, slice) => slice).filter(
    (slice) => !parts.positiveSlicesOnly || scan.mask.subarray(slice * size, (slice + 1) * size).includes(1),
  );
  const onBatch =
    judge &&
    ((probability: Tensor, some: readonly number[]) => judge(probability, sliceLabels(scan, some).to(model.device)));
  const out = new Float32Array(scan.mask.length);
  if (parts.stopRequested()) return null;
  for (const done of runSliceBatches(scan.volume, model, out, { batch: BATCH, slices, onBatch })) {
    parts.onSlices(number, done, slices.length);
    if (done < slices.length && parts.stopRequested()) return null;
  }
  return out;
}

function sliceLabels({ mask, volume }: LabelledScan, chosen: readonly number[]): Tensor {
  const [, rows, columns] = volume.shape;
  const size = rows * columns;
  const labels = new Float32Array(chosen.length * size);
  for (const [n, slice] of chosen.entries()) labels.set(mask.subarray(slice * size, (slice + 1) * size), n * size);
  return fromData(labels, [chosen.length, 1, rows, columns]);
}

/** Components of fewer than `minimumVoxels` are left out. Components are those of the whole case, in 3D. */
export function scorePrediction(scan: LabelledScan, prediction: Uint8Array, minimumVoxels = 1): ScanScore {
  const { volume, mask, oneNodule } = scan;
  const matched = matchScan({
    prediction,
    truth: mask,
    shape: volume.shape,
    spacing: volume.spacing ?? [1, 1, 1],
    nodules: trueNodules(scan),
    ignored: ignoredNodules(scan),
  });
  return (oneNodule ? scoreCrop : scoreMatched)(matched, ({ voxels }) => voxels >= minimumVoxels);
}
