import type { TrainEvent } from './events.js';
import type { CountsRead, StepCounts } from './parts/stepCounts.js';
import type { RunState } from './run/runState.js';
import type { StepRunner } from './steps/stepRunner.js';

export interface EpochParts {
  state: RunState;
  stepsPerEpoch: number;
  steps: StepRunner;
  counts: StepCounts;
  logSteps: number;
  checkpointSteps: number;
  checkpointMinutes: number;
  saveLast(): void;
  emit(event: TrainEvent): void;
  stopRequested(): boolean;
  /** Checks the counts before they are reported or saved. */
  onCounts(now: CountsRead): void;
}

/**
 * Trains the rest of the current epoch.
 * @returns false if a stop was requested
 * @throws what `onCounts` throws
 */
export function trainEpoch(parts: EpochParts): boolean {
  const { state, stepsPerEpoch, steps, counts, logSteps, checkpointSteps, checkpointMinutes } = parts;
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
      parts.onCounts(now);
      const [samples, milliseconds] = [now.samples - seen.samples, performance.now() - seenAt];
      // If all steps since the last event were skipped, there is no loss to report.
      if (samples > 0)
        parts.emit({
          type: 'step',
          step: state.step,
          epoch: state.epoch,
          loss: (now.loss - seen.loss) / samples,
          rate: (samples * 1000) / milliseconds,
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
