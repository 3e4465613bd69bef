import type { LabelledScan } from '../data/labelledScan.js';
import {
  ignoredNodules,
  matchScan,
  type NoduleScores,
  noduleScores,
  type ScanScore,
  scoreCrop,
  scoreMatched,
  trueNodules,
} from '../score/index.js';
import { type Device, fromData, noGrad, op, scope, type Tensor } from '../torch/index.js';
import { type PixelMetrics, pixelMetrics } from './metrics.js';
import { type PrecisionRecall, PrecisionRecallCounts } from './precisionRecall.js';
import type { StepCounts } from './stepCounts.js';
import { middlesOf, type ValidationPicture, validationPictures } from './validationPictures.js';

export interface ValidationParts {
  scans: () => AsyncIterable<LabelledScan>;
  /** Put into evaluation mode by the caller. */
  net: { forward(image: Tensor): Tensor };
  criterion: (probability: Tensor, mask: Tensor) => Tensor;
  counts: StepCounts;
  device: Device;
  contextSlices: number;
  /** Rows and columns are padded to a multiple of this. */
  sizeMultiple: number;
  clip: { low: number; high: number };
  threshold: number;
  minimumVoxels: number;
  positiveSlicesOnly: boolean;
  /** How many slices to show; they are the same in every validation. */
  pictured: number;
  /** Hears the scan at hand (from 1), how many of its slices are done, and how many it has. */
  onSlices(scan: number, slices: number, of: number): void;
  stopRequested(): boolean;
}

export interface Validation {
  metrics: PixelMetrics;
  nodules: NoduleScores & { scans: number };
  /** Over all pixels that were looked at. */
  precisionRecall: PrecisionRecall;
  pictures: ValidationPicture[];
}

const batch = 4;

/** Scores the network on whole scans, slice by slice in pixels and scan by scan in 3D; null where a stop was asked for. */
export async function validate(parts: ValidationParts): Promise<Validation | null> {
  const { counts, contextSlices } = parts;
  counts.reset();
  const curve = new PrecisionRecallCounts(parts.device);
  const scores: ScanScore[] = [];
  const pictures: ValidationPicture[] = [];
  let shown = 0;
  for await (const scan of parts.scans()) {
    const middles = middlesOf(scan).slice(0, parts.pictured - shown);
    const probabilities = new Map(middles.map(([slice]) => [slice, new Float32Array(0)]));
    const prediction = predictScan(scan, scores.length + 1, { ...parts, curve, probabilities });
    if (prediction === null) return null;
    for (const middle of middles) {
      const probability = probabilities.get(middle[0]) as Float32Array;
      // With `positiveSlicesOnly` a slice without a label is not looked at.
      if (probability.length === 0) continue;
      pictures.push(...validationPictures({ scan, middle, probability, prediction, contextSlices }));
      shown++;
    }
    scores.push(scoreOf(scan, prediction, parts.minimumVoxels));
  }
  const precisionRecall = curve.read();
  return {
    metrics: pixelMetrics(counts.read()),
    nodules: { ...noduleScores(scores), scans: scores.length },
    precisionRecall,
    pictures,
  };
}

interface PredictionParts extends ValidationParts {
  curve: PrecisionRecallCounts;
  /** Is given the probabilities, `[rows, columns]`, of the slices that it names. */
  probabilities: Map<number, Float32Array>;
}

function predictScan(scan: LabelledScan, number: number, parts: PredictionParts): Uint8Array | null {
  const [slices, rows, columns] = scan.volume.shape;
  const prediction = new Uint8Array(scan.mask.length);
  const size = rows * columns;
  const wanted = Array.from({ length: slices }, (_, slice) => slice).filter(
    (slice) => !parts.positiveSlicesOnly || scan.mask.subarray(slice * size, (slice + 1) * size).includes(1),
  );
  for (let at = 0; at < wanted.length; at += batch) {
    if (parts.stopRequested()) return null;
    const chosen = wanted.slice(at, at + batch);
    noGrad(() =>
      scope(() => {
        const image = stackSlices(scan.volume, chosen, parts);
        const probability = parts.net.forward(image).narrow(2, 0, rows).narrow(3, 0, columns);
        const mask = labelsOf(scan, chosen).to(parts.device);
        parts.counts.add(probability, mask, parts.criterion(probability.contiguous(), mask));
        parts.curve.add(probability, mask);
        const predicted = probability.gt(parts.threshold).to('uint8').to('cpu').contiguous().data() as Uint8Array;
        for (const [n, slice] of chosen.entries()) {
          prediction.set(predicted.subarray(n * size, (n + 1) * size), slice * size);
          if (parts.probabilities.has(slice))
            parts.probabilities.set(
              slice,
              Float32Array.from(probability.select(0, n).to('float32').to('cpu').contiguous().data() as Float32Array),
            );
        }
      }),
    );
    parts.onSlices(number, at + chosen.length, wanted.length);
  }
  return prediction;
}

/** Clipped HU, `[chosen, 2 * contextSlices + 1, H, W]`; the scan's edge slices, rows and columns repeat outside it. */
function stackSlices(volume: LabelledScan['volume'], chosen: readonly number[], parts: ValidationParts): Tensor {
  const { voxels, shape, scale, offset, intensity } = volume;
  const [slices, rows, columns] = shape;
  const size = rows * columns;
  const channels = 2 * parts.contextSlices + 1;
  const stored = new Int16Array(chosen.length * channels * size);
  chosen.forEach((slice, n) => {
    for (let channel = 0; channel < channels; channel++) {
      const from = Math.min(Math.max(slice + channel - parts.contextSlices, 0), slices - 1) * size;
      stored.set(voxels.subarray(from, from + size), (n * channels + channel) * size);
    }
  });
  let image = fromData(stored, [chosen.length, channels, rows, columns]).to(parts.device).to('float32');
  if (scale !== 1 || offset !== 0) image = image.mul(scale).add(offset);
  if (intensity === 'hu') image = image.clamp(parts.clip.low, parts.clip.high);
  const missing = (length: number) => (parts.sizeMultiple - (length % parts.sizeMultiple)) % parts.sizeMultiple;
  const [down, right] = [missing(rows), missing(columns)];
  return down + right === 0 ? image : (op('aten::replication_pad2d')(image, [0, right, 0, down]) as Tensor);
}

function labelsOf({ mask, volume }: LabelledScan, chosen: readonly number[]): Tensor {
  const [, rows, columns] = volume.shape;
  const size = rows * columns;
  const labels = new Float32Array(chosen.length * size);
  for (const [n, slice] of chosen.entries()) labels.set(mask.subarray(slice * size, (slice + 1) * size), n * size);
  return fromData(labels, [chosen.length, 1, rows, columns]);
}

/** Components of fewer than `minimumVoxels` are left out. Components are those of the whole case, in 3D. */
export function scoreOf(scan: LabelledScan, prediction: Uint8Array, minimumVoxels = 1): ScanScore {
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
