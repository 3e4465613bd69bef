import { NoduleTrainError } from '../runtime/error.js';
import type { TrainEvent } from './events.js';
import type { RunState } from './progressState.js';
import type { CountsRead, StepCounts } from './stepCounts.js';
import type { StepRunner } from './stepRunner.js';

export interface EpochParts {
  state: RunState;
  stepsPerEpoch: number;
  batch: number;
  /** Batches, each counted for itself, that make one step. */
  batchesPerStep: number;
  steps: StepRunner;
  counts: StepCounts;
  logSteps: number;
  checkpointSteps: number;
  checkpointMinutes: number;
  saveLast(): void;
  emit(event: TrainEvent): void;
  stopRequested(): boolean;
  /** What the message of a broken step tells people to go back to. */
  lastCheckpoint: string;
}

/**
 * Trains the rest of the epoch at hand; gives false where a stop was asked for.
 * @throws NoduleTrainError `loss-not-finite`
 */
export function trainEpoch(parts: EpochParts): boolean {
  const { state, stepsPerEpoch, batch, steps, counts, logSteps, checkpointSteps, checkpointMinutes } = parts;
  let seen = counts.read();
  let seenAt = performance.now();
  let savedAt = seenAt;
  while (state.stepInEpoch < stepsPerEpoch) {
    if (parts.stopRequested()) return false;
    const toSave = checkpointSteps > 0 ? checkpointSteps - (state.step % checkpointSteps) : Number.POSITIVE_INFINITY;
    const toLog = logSteps - (state.step % logSteps);
    const many = Math.min(steps.atOnce, toLog, toSave, stepsPerEpoch - state.stepInEpoch);
    steps.run(state.step, many);
    state.step += many;
    state.stepInEpoch += many;
    const minutes = (performance.now() - savedAt) / 60_000;
    const saveDue =
      (checkpointSteps > 0 && state.step % checkpointSteps === 0) ||
      (checkpointMinutes > 0 && minutes >= checkpointMinutes);
    if (state.step % logSteps === 0 || saveDue || state.stepInEpoch === stepsPerEpoch) {
      const now = counts.read();
      refuseBadLoss(now, parts);
      const [samples, milliseconds] = [now.samples - seen.samples, performance.now() - seenAt];
      parts.emit({
        type: 'step',
        step: state.step,
        epoch: state.epoch,
        loss: (now.loss - seen.loss) / samples,
        rate: ((now.steps - seen.steps) * batch * 1000) / milliseconds,
      });
      seen = now;
      seenAt = performance.now();
    }
    if (!saveDue) continue;
    savedAt = performance.now();
    if (state.stepInEpoch < stepsPerEpoch) parts.saveLast();
  }
  return true;
}

function refuseBadLoss(
  { firstBad }: CountsRead,
  { state, stepsPerEpoch, batchesPerStep, lastCheckpoint }: EpochParts,
): void {
  if (firstBad === 0) return;
  const step = (state.epoch - 1) * stepsPerEpoch + Math.ceil(firstBad / batchesPerStep);
  throw new NoduleTrainError(
    'loss-not-finite',
    `training step ${step} (epoch ${state.epoch}): the loss is not finite, so the weights are lost from there on. ` +
      `The last good checkpoint is ${lastCheckpoint}; start anew with a smaller --learning-rate, and look for ` +
      'values that are not finite in the scans.',
  );
}
