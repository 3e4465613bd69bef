import type { TrainEvent } from '../train/index.js';

/** Remaining time of a run. */
export interface TimeLeft {
  seconds: number;
  /** False until a validation was seen; the time of validations is not included until then. */
  whole: boolean;
}

/**
 * Estimates the remaining time of a run from its events, by the mean time of the steps and validations seen. What a
 * resumed run did before is ignored.
 * @param now a clock in seconds
 */
export function timeLeft(now: () => number = () => performance.now() / 1000): (event: TrainEvent) => TimeLeft | null {
  let plan = { epochs: 0, stepsPerEpoch: 1, validateEvery: 1 };
  let step = 0;
  /** Epochs whose validation is done. */
  let validated = 0;
  const training = { seconds: 0, steps: 0 };
  const validation = { seconds: 0, runs: 0, share: 0 };
  let at = now();
  let validationAt: number | null = null;
  const due = (epoch: number) => epoch === 1 || epoch === plan.epochs || epoch % plan.validateEvery === 0;
  return (event) => {
    const passed = now() - at;
    if (event.type === 'start') {
      plan = event;
      step = event.step;
      validated = Math.max(0, Math.ceil(step / plan.stepsPerEpoch) - 1);
    } else if (event.type === 'step') {
      training.seconds += passed;
      training.steps += event.step - step;
      step = event.step;
    } else if (event.type === 'validation-progress') {
      validationAt ??= at;
      validation.share = (event.scan - 1 + event.slices / event.of) / event.scans;
    } else if (event.type === 'validation') {
      validation.seconds += event.seconds;
      validation.runs++;
    } else if (event.type === 'epoch') {
      validated = event.epoch;
      [validationAt, validation.share] = [null, 0];
    }
    at = now();
    if (training.steps === 0) return null;
    const perStep = training.seconds / training.steps;
    const seenShare = validationAt === null ? 0 : validation.share;
    const seen = validation.seconds + (validationAt === null ? 0 : at - validationAt);
    const perValidation = validation.runs + seenShare > 0 ? seen / (validation.runs + seenShare) : null;
    let validations = -seenShare;
    for (let epoch = validated + 1; epoch <= plan.epochs; epoch++) if (due(epoch)) validations++;
    const steps = plan.epochs * plan.stepsPerEpoch - step;
    return {
      seconds: steps * perStep + Math.max(0, validations) * (perValidation ?? 0),
      whole: perValidation !== null || validations <= 0,
    };
  };
}
