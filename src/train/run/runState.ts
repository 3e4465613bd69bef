import type { EventFilePosition } from '../tensorboard/tensorboardFiles.js';

/** Where a run stands; with the weights and the optimizer's state it is all that going on needs. */
export interface RunState {
  /** Steps done over the whole run. */
  step: number;
  /** The epoch at hand, from 1. */
  epoch: number;
  /** Steps done of that epoch. */
  stepInEpoch: number;
  /** The best validation so far. */
  best: { score: number; epoch: number } | null;
  /** Validations since then. */
  stale: number;
  /** Steps of earlier epochs that were left out, as loss or gradient were not finite. */
  skipped: number;
  /** Seconds that the epoch's training took so far. */
  secondsInEpoch: number;
  /** How far TensorBoard's files were written; null where they were not begun. */
  tensorboard: EventFilePosition | null;
  /** All is trained and validated, and the kept model waits for its operating point. */
  pointDue: boolean;
  /** True once the last epoch is validated, and the operating point chosen where that is asked for. */
  /** Scores of the latest validations, the newest last, and the share of the pixels that the last one painted. */
  recentScores: number[];
  painted: number | null;
  /** True once the last epoch is validated. */
  finished: boolean;
}

export const initialState = (): RunState => ({
  step: 0,
  epoch: 1,
  stepInEpoch: 0,
  best: null,
  stale: 0,
  skipped: 0,
  secondsInEpoch: 0,
  tensorboard: null,
  pointDue: false,
  recentScores: [],
  painted: null,
  finished: false,
});
