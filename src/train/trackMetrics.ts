import type { PixelMetrics } from './metrics.js';
import type { TensorboardWriter } from './tensorboard.js';
import type { Validation } from './validate.js';

export interface EpochFigures {
  step: number;
  train: PixelMetrics;
  validation: Validation | null;
  score: number | null;
  learningRate: number;
}

/** Writes an epoch's scalars and pictures. Figures that do not exist (a precision without any prediction) are left out. */
export function trackMetrics(writer: TensorboardWriter, figures: EpochFigures): void {
  const { step, train, validation, score, learningRate } = figures;
  const scalar = (tag: string, value: number | null) => {
    if (value !== null) writer.scalar(tag, value, step);
  };
  const pixels = (part: string, { loss, precision, recall, f1, percent }: PixelMetrics) => {
    scalar(`${part}/loss/all`, loss.all);
    scalar(`${part}/loss/positive`, loss.positive);
    scalar(`${part}/loss/negative`, loss.negative);
    scalar(`${part}/pixel/precision`, precision);
    scalar(`${part}/pixel/recall`, recall);
    scalar(`${part}/pixel/f1`, f1);
    scalar(`${part}/percent/true positive`, percent.truePositive);
    scalar(`${part}/percent/false negative`, percent.falseNegative);
    scalar(`${part}/percent/false positive`, percent.falsePositive);
  };
  scalar('training/learning rate', learningRate);
  pixels('training', train);
  if (validation === null) return;
  const { metrics, nodules, pictures } = validation;
  pixels('validation', metrics);
  scalar('validation/nodule/sensitivity', nodules.sensitivity);
  scalar('validation/nodule/false per scan', nodules.falsePerScan);
  scalar('validation/nodule/dice 3D', nodules.dice3d);
  scalar('validation/score', score);
  for (const { tag, image } of pictures) writer.image(tag, image, step);
}
