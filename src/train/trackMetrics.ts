import type { Tensor } from '../torch/index.js';
import type { PixelMetrics } from './parts/metrics.js';
import { hparamsEnd } from './tensorboard/hparams.js';
import { varintField } from './tensorboard/protobuf.js';
import type { TensorboardWriter } from './tensorboard/tensorboard.js';
import { tensorHistogram } from './tensorboard/tensorHistogram.js';
import type { PrecisionRecall } from './validation/precisionRecall.js';
import type { Validation } from './validation/validate.js';

export interface EpochFigures {
  step: number;
  train: PixelMetrics;
  /** Speed of the epoch's training: crops per second, and seconds. */
  speed: { crops: number; seconds: number };
  validation: (Validation & { seconds: number }) | null;
  score: number | null;
  /** The best score so far; 0 before there is one. */
  best: number;
  learningRate: number;
  /** Whether this is the run's first validation. */
  first: boolean;
}

/** Writes an epoch's scalars and pictures. Figures that are null are skipped. */
export function trackMetrics(writer: TensorboardWriter, figures: EpochFigures): void {
  const { step, train, speed, validation, score, best, learningRate, first } = figures;
  const scalar = (tag: string, value: number | null) => {
    if (value !== null) writer.scalar(tag, value, step);
  };
  const pixels = (part: string, { loss, precision, recall, f1, painted, percent }: PixelMetrics) => {
    scalar(`loss/${part}`, loss.all);
    scalar(`loss/${part}, with nodule`, loss.positive);
    scalar(`loss/${part}, without nodule`, loss.negative);
    scalar(`pixels/${part} precision`, precision);
    scalar(`pixels/${part} recall`, recall);
    scalar(`pixels/${part} F1`, f1);
    scalar(`pixels/${part} painted share`, painted);
    scalar(`pixels/${part} false positives in % of the label`, percent.falsePositive);
  };
  pixels('training', train);
  scalar('optimizer/learning rate', learningRate);
  scalar('speed/training crops per second', speed.crops);
  scalar('speed/training seconds', speed.seconds);
  if (validation === null) return;
  const { metrics, nodules, pictures, precisionRecall, seconds } = validation;
  pixels('validation', metrics);
  scalar('nodules/found share', nodules.sensitivity);
  scalar('nodules/missed share', nodules.missedShare);
  scalar('nodules/false per scan', nodules.falsePerScan);
  scalar('nodules/Dice mean', nodules.dice3d);
  scalar('nodules/Dice median', nodules.dice3dMedian);
  scalar('nodules/Dice pooled', nodules.dice3dPooled);
  scalar('nodules/joint', nodules.joint);
  scalar('nodules/left empty share', nodules.leftEmptyShare);
  scalar('score/validation', score);
  scalar('score/best', best);
  scalar('speed/validation seconds', seconds);
  trackPrecisionRecall(writer, precisionRecall, step);
  for (const { tag, image, description, constant } of pictures)
    if (first || !constant) writer.image(tag, image, step, description);
}

/**
 * Writes the curve for TensorBoard's plugin `pr_curves`: six rows over the thresholds, with precision 0 where nothing
 * is predicted.
 */
function trackPrecisionRecall(writer: TensorboardWriter, curve: PrecisionRecall, step: number): void {
  const { thresholds, truePositives, falsePositives, trueNegatives, falseNegatives } = curve;
  const share = (part: readonly number[], rest: readonly number[]) =>
    part.map((count, n) => count / Math.max(1, count + (rest[n] as number)));
  const rows = [
    truePositives,
    falsePositives,
    trueNegatives,
    falseNegatives,
    share(truePositives, falsePositives),
    share(truePositives, falseNegatives),
  ];
  const plugin = { name: 'pr_curves', content: varintField(2, thresholds.length) };
  writer.table('pixels/precision and recall', rows, step, plugin, 'Over the pixels of all validated slices.');
}

/** Writes histograms of the parameters, and of their gradients in the latest step. */
export function trackTensors(writer: TensorboardWriter, parameters: Map<string, Tensor>, step: number): void {
  for (const [name, parameter] of parameters)
    for (const [kind, tensor] of [
      ['weights', parameter],
      ['weights, gradients of', parameter.grad],
    ] as const) {
      const histogram = tensor === null ? null : tensorHistogram(tensor);
      if (histogram !== null) writer.histogram(`${kind}/${name}`, histogram, step);
    }
}

/** Writes how the run ended. */
export function trackEnd(writer: TensorboardWriter, success: boolean): void {
  writer.pluginOnly('_hparams_/session_end_info', hparamsEnd(success, Date.now() / 1000));
}
