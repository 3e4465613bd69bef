import type { LabelledScan } from '../../data/index.js';
import { runSliceBatches, type ScanModel } from '../../model/index.js';
import { type NoduleScores, noduleScores, predictedScan, type ScanScore, scoreAt } from '../../score/index.js';
import { fromData, type Tensor } from '../../torch/index.js';
import { type PixelMetrics, pixelMetrics } from '../parts/metrics.js';
import type { StepCounts } from '../parts/stepCounts.js';
import type { Session } from '../session/session.js';
import { type PrecisionRecall, PrecisionRecallCounts } from './precisionRecall.js';
import { noduleCenters, type ValidationPicture, validationPictures } from './validationPictures.js';

/** Everything that running a network over validation scans needs. */
export interface PredictionParts {
  /** The model, with its network in evaluation mode. */
  model: ScanModel;
  positiveSlicesOnly: boolean;
  /** Is called with each batch of probabilities and its labels on the same device, both `[B, 1, H, W]`. */
  judge?: (probability: Tensor, mask: Tensor) => void;
  /** Is called with the number of the scan (from 1), its slices done, and all of its slices. */
  onSlices(scan: number, slices: number, of: number): void;
  stopRequested(): boolean;
}

export interface ValidationParts extends Omit<PredictionParts, 'judge'> {
  scans: () => AsyncIterable<LabelledScan>;
  criterion: (probability: Tensor, mask: Tensor) => Tensor;
  counts: StepCounts;
  threshold: number;
  minimumVoxels: number;
  /** Number of slices to show; they are the same in every validation. */
  pictured: number;
}

export interface Validation {
  metrics: PixelMetrics;
  nodules: NoduleScores & { scans: number };
  /** Over the pixels of all validated slices. */
  precisionRecall: PrecisionRecall;
  pictures: ValidationPicture[];
}

/** Returns what validation needs to run `net`, the network of a session or a copy of it. */
export function predictionParts(
  { config, description, device, stopRequested }: Pick<Session, 'config' | 'description' | 'device' | 'stopRequested'>,
  net: ScanModel['net'],
  onSlices: PredictionParts['onSlices'],
): PredictionParts {
  return {
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
  };
}

/** Slices per forward pass. */
const BATCH = 4;

/** Scores the network on whole scans: over pixels, and per nodule in 3D. Returns null if a stop was requested. */
export async function validate(parts: ValidationParts): Promise<Validation | null> {
  const { counts, criterion } = parts;
  const { contextSlices } = parts.model;
  const point = { threshold: parts.threshold, minimumVoxels: parts.minimumVoxels, minimumScore: 0 };
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
    const probabilities = predictForValidation(scan, scores.length + 1, { ...parts, judge });
    if (probabilities === null) return null;
    const [, rows, columns] = scan.volume.shape;
    for (const middle of noduleCenters(scan).slice(0, parts.pictured - shown)) {
      const slice = [middle[0] * rows * columns, (middle[0] + 1) * rows * columns] as const;
      // Slices without a label were not predicted.
      if (parts.positiveSlicesOnly && !scan.mask.subarray(...slice).includes(1)) continue;
      const probability = probabilities.subarray(...slice);
      pictures.push(...validationPictures({ scan, middle, probability, threshold: point.threshold, contextSlices }));
      shown++;
    }
    scores.push(scoreAt(predictedScan(scan, probabilities), point));
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
 * Runs the network over a scan, in the same way as evaluation.
 * @returns probabilities `[slices, rows, columns]`, 0 in skipped slices; null if a stop was requested
 */
export function predictForValidation(scan: LabelledScan, number: number, parts: PredictionParts): Float32Array | null {
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

/** Returns the labels of some slices, `[B, 1, H, W]`. */
function sliceLabels({ mask, volume }: LabelledScan, chosen: readonly number[]): Tensor {
  const [, rows, columns] = volume.shape;
  const size = rows * columns;
  const labels = new Float32Array(chosen.length * size);
  for (const [n, slice] of chosen.entries()) labels.set(mask.subarray(slice * size, (slice + 1) * size), n * size);
  return fromData(labels, [chosen.length, 1, rows, columns]);
}
