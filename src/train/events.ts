import type { labelsEvent } from '../labels/index.js';
import type { NoduleScores } from '../score/index.js';
import type { PixelMetrics } from './parts/metrics.js';

/** Emitted once, before the first step. */
export interface StartEvent {
  type: 'start';
  run: string;
  device: string;
  threads: number;
  parameters: number;
  epochs: number;
  stepsPerEpoch: number;
  /** Epochs between validations; the first and the last are validated too. */
  validateEvery: number;
  trainScans: number;
  validationScans: number;
  /** Steps that a resumed run has already done, else 0. */
  step: number;
}

/**
 * Progress of training. Not emitted if all steps since the last one were skipped, because loss or gradient was not
 * finite.
 */
export interface StepEvent {
  type: 'step';
  /** Counted from 1 over the whole run. */
  step: number;
  epoch: number;
  /** Mean loss of the samples since the last event of this type. */
  loss: number;
  /** Crops per second since the last event of this type. */
  rate: number;
}

/** The end of a training epoch. */
export interface EpochEvent {
  type: 'epoch';
  epoch: number;
  step: number;
  /**
   * Training time without validation. Times of an interrupted epoch are added up, as far as checkpoints record them.
   */
  seconds: number;
  /** Peak memory of the process so far (resident set), validation included; null if the system does not report it. */
  peakRssBytes: number | null;
  /** Steps of the epoch that were skipped, because loss or gradient was not finite. */
  skipped: number;
  metrics: PixelMetrics;
}

export interface ValidationProgressEvent {
  type: 'validation-progress';
  epoch: number;
  /** Current scan, from 1. */
  scan: number;
  scans: number;
  /** Slices of it that are done. */
  slices: number;
  /** Slices in it. */
  of: number;
}

export interface ValidationEvent {
  type: 'validation';
  epoch: number;
  step: number;
  seconds: number;
  metrics: PixelMetrics;
  nodules: NoduleScores;
  /** `nodules.quality` (`selectionScore`), or 0 if that is null; pixel recall with the fault `selectByRecall`. */
  score: number;
  best: boolean;
}

export interface CheckpointEvent {
  type: 'checkpoint';
  kind: 'last' | 'best';
  path: string;
  step: number;
  epoch: number;
}

/**
 * What became of the annotations and label images, with the first 1,000 that were lost. Emitted after `start`; if the
 * data are not prepared, it is of the training scans, and emitted again once the validation scans are read.
 */
export type LabelsEvent = ReturnType<typeof labelsEvent>;

export interface NoteEvent {
  type: 'note';
  text: string;
}

/** Always the last event. */
export interface EndEvent {
  type: 'end';
  /** `stopped`: by Ctrl-C or by leaving the iteration. The last checkpoint is then where it stopped. */
  status: 'finished' | 'stopped';
  run: string;
  step: number;
  epoch: number;
  bestScore: number | null;
  bestEpoch: number | null;
}

/** Object that `train()` yields, and a line of `events.jsonl`. */
export type TrainEvent =
  | StartEvent
  | StepEvent
  | EpochEvent
  | ValidationProgressEvent
  | ValidationEvent
  | CheckpointEvent
  | LabelsEvent
  | NoteEvent
  | EndEvent;
