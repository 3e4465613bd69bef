import type { NoduleScores } from '../score/index.js';
import type { PixelMetrics } from './parts/metrics.js';

/** Sent once, before the first step. */
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
  /** Steps that a resumed run has behind it, else 0. */
  step: number;
}

/** Not sent of steps that were left out, as their loss or gradient was not finite; a note says so. */
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
  /** Of training, without validation; those of an interrupted epoch are added up, as far as its checkpoints say them. */
  seconds: number;
  /** Most memory that this process has held so far (resident set), validation included; null where the system does not say it. */
  peakRssBytes: number | null;
  /** Steps of the epoch that were left out, as loss or gradient were not finite. */
  skipped: number;
  metrics: PixelMetrics;
}

export interface ValidationProgressEvent {
  type: 'validation-progress';
  epoch: number;
  /** The scan at hand, from 1. */
  scan: number;
  scans: number;
  /** Slices of it that are done, and that there are. */
  slices: number;
  of: number;
}

export interface ValidationEvent {
  type: 'validation';
  epoch: number;
  step: number;
  seconds: number;
  metrics: PixelMetrics;
  nodules: NoduleScores;
  /** `quality` of the nodules (`selectionScore`), 0 where that is null; pixel recall with the fault `selectByRecall`. */
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

export interface NoteEvent {
  type: 'note';
  text: string;
}

/** Always the last event. */
export interface EndEvent {
  type: 'end';
  /** `stopped`: by Ctrl-C or by leaving the iteration; the last checkpoint is where it stopped. */
  status: 'finished' | 'stopped';
  run: string;
  step: number;
  epoch: number;
  bestScore: number | null;
  bestEpoch: number | null;
}

/** What `train()` yields, and a line of `events.jsonl`. */
export type TrainEvent =
  | StartEvent
  | StepEvent
  | EpochEvent
  | ValidationProgressEvent
  | ValidationEvent
  | CheckpointEvent
  | NoteEvent
  | EndEvent;
