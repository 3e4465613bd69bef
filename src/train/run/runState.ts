import type { EventFilePosition } from '../tensorboard/tensorboardFiles.js';

/** Progress of a run. Together with the weights and the optimizer's state it is everything that resuming needs. */
export interface RunState {
  /** Steps done over the whole run. */
  step: number;
  /** Current epoch, from 1. */
  epoch: number;
  /** Steps done in the current epoch. */
  stepInEpoch: number;
  /** The best validation so far. */
  best: { score: number; epoch: number } | null;
  /** Validations since the best one. */
  stale: number;
  /** Skipped steps of earlier epochs, whose loss or gradient was not finite. */
  skipped: number;
  /** Seconds of training in the current epoch. */
  secondsInEpoch: number;
  /** End of what was written to TensorBoard's files; null if nothing was. */
  tensorboard: EventFilePosition | null;
  /** Whether training is complete and the saved model still lacks its operating point. */
  pointDue: boolean;
  /** Scores of the latest validations, newest last. */
  recentScores: number[];
  /** Predicted share of the pixels in the latest validation. */
  painted: number | null;
  /** Whether the last epoch is validated and the operating point chosen, if the configuration asks for one. */
  finished: boolean;
}

/** Returns the state at the start of a new run. */
export function initialState(): RunState {
  return {
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
  };
}
