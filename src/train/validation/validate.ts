import type { LabelledScan } from '../../data/labelling/labelledScan.js';
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
import { type Device, fromData, noGrad, op, scope, type Tensor } from '../../torch/index.js';
import { type PixelMetrics, pixelMetrics } from '../parts/metrics.js';
import type { StepCounts } from '../parts/stepCounts.js';
import type { Session } from '../session/session.js';
import { type PrecisionRecall, PrecisionRecallCounts } from './precisionRecall.js';
import { middlesOf, type ValidationPicture, validationPictures } from './validationPictures.js';

/** What a network needs to look at a scan. */
export interface PredictionParts {
  /** Put into evaluation mode by the caller. */
  net: { forward(image: Tensor): Tensor };
  device: Device;
  contextSlices: number;
  /** Rows and columns are padded to a multiple of this. */
  sizeMultiple: number;
  clip: { low: number; high: number };
  positiveSlicesOnly: boolean;
  /** Sees each batch, `[B, 1, H, W]` beside its labels. */
  judge?: (probability: Tensor, mask: Tensor) => void;
  /** Hears the scan at hand (from 1), how many of its slices are done, and how many it has. */
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

/** How a run's network looks at scans. */
export const predictionParts = (
  { config, device, stopRequested }: Pick<Session, 'config' | 'device' | 'stopRequested'>,
  net: PredictionParts['net'],
  onSlices: PredictionParts['onSlices'],
): PredictionParts => ({
  ...{ net, device, onSlices, stopRequested },
  contextSlices: config.contextSlices,
  sizeMultiple: 2 ** (config.network.depth - 1),
  clip: { low: config.huLow, high: config.huHigh },
  positiveSlicesOnly: config.compat.positiveSlicesOnly,
});

const batch = 4;

/** Scores the network on whole scans, slice by slice in pixels and scan by scan in 3D; null where a stop was asked for. */
export async function validate(parts: ValidationParts): Promise<Validation | null> {
  const { counts, criterion, contextSlices } = parts;
  counts.reset();
  const curve = new PrecisionRecallCounts(parts.device);
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
    for (const middle of middlesOf(scan).slice(0, parts.pictured - shown)) {
      const slice = [middle[0] * rows * columns, (middle[0] + 1) * rows * columns] as const;
      // A slice without a label is not looked at then.
      if (parts.positiveSlicesOnly && !scan.mask.subarray(...slice).includes(1)) continue;
      const probability = probabilities.subarray(...slice);
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

/** Probabilities `[slices, rows, columns]`; 0 in slices that are not looked at, null where a stop was asked for. */
export function predictScan(scan: LabelledScan, number: number, parts: PredictionParts): Float32Array | null {
  const [slices, rows, columns] = scan.volume.shape;
  const probabilities = new Float32Array(scan.mask.length);
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
        const probability = parts.net.forward(image).narrow(2, 0, rows).narrow(3, 0, columns).contiguous();
        parts.judge?.(probability, labelsOf(scan, chosen).to(parts.device));
        const values = probability.to('cpu').data() as Float32Array;
        for (const [n, slice] of chosen.entries())
          probabilities.set(values.subarray(n * size, (n + 1) * size), slice * size);
      }),
    );
    parts.onSlices(number, at + chosen.length, wanted.length);
  }
  return probabilities;
}

/** Clipped HU, `[chosen, 2 * contextSlices + 1, H, W]`; the scan's edge slices, rows and columns repeat outside it. */
function stackSlices(volume: LabelledScan['volume'], chosen: readonly number[], parts: PredictionParts): Tensor {
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
