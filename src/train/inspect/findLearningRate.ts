import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { NoduleTrainError } from '../../runtime/index.js';
import { resolveTrainConfig } from '../config/config.js';
import type { TrainConfigInput } from '../config/schema.js';
import { openTraining } from '../session/session.js';
import { createStepRunner } from '../steps/createStepRunner.js';

export interface RateSweep {
  /** Learning rate of the first step; default 1e-6. */
  from?: number;
  /** Of the last one; default 1. */
  to?: number;
  /** How many steps, where the loss does not diverge before; default 120. */
  steps?: number;
}

export interface RateFinding {
  /** Learning rate of each step that was done. */
  rates: readonly number[];
  /** Mean loss of each step's crops that show a nodule, before the step was taken. */
  losses: readonly number[];
  /** The losses smoothed to both sides, so that the curve does not lag behind the rate: see {@link smoothedBothWays}. */
  smoothed: readonly number[];
  /** Rate of the least smoothed loss. */
  least: number;
  /** A tenth of it; null where the loss still fell at the end of the sweep, so that nothing can be said. */
  suggested: number | null;
  /** Whether the sweep ended because the loss diverged. */
  diverged: boolean;
}

export interface RateFinderHooks {
  onStep?(done: number, of: number, rate: number, smoothed: number): void;
  note?(text: string): void;
  signal?: AbortSignal | undefined;
}

const DECAY = 0.9;
/** Steps before divergence is looked for: the average must have seen some losses. */
const FIRST_LOOK = 10;

/** Average of what came so far, the latest counting most; as Adam's moments it does not lean to its start at 0. */
export function smoothedLosses(losses: readonly number[], decay = DECAY): number[] {
  let average = 0;
  return losses.map((loss, step) => {
    average = decay * average + (1 - decay) * loss;
    return average / (1 - decay ** (step + 1));
  });
}

/**
 * The moving average of the moving average taken backwards. Each lags by 1 / (1 - decay) steps, which in a sweep is a factor of the rate (about three by
 * default); both together do not.
 */
export const smoothedBothWays = (losses: readonly number[]): number[] =>
  smoothedLosses(smoothedLosses(losses).toReversed()).toReversed();

/**
 * Whether the latest smoothed loss has diverged: it is not finite, or since its least value it rose by more than it had fallen until then and by
 * more than a tenth of that value. Losses that are bounded, as Dice is, never come to a multiple of their least value.
 */
export function hasDiverged(smoothed: readonly number[]): boolean {
  const last = smoothed.at(-1) as number;
  if (!Number.isFinite(last)) return true;
  if (smoothed.length < FIRST_LOOK) return false;
  const least = Math.min(...smoothed);
  return last - least > Math.max((smoothed[0] as number) - least, 0.1 * Math.abs(least));
}

/**
 * Finds a learning rate by a range test (Smith 2017, "Cyclical learning rates for training neural networks", section 3.3): training batches, a rate that
 * rises exponentially from step to step, and the loss over it, of the crops that show a nodule: at too high a
 * rate a network paints nothing any more, which is no loss at all on the others. Suggested is a tenth of the rate at which the smoothed loss is least: there steps
 * are already too large to gain, and a whole run needs a margin to it. The network is one of its own, as a run of this configuration would
 * begin with; no run's folder is made or changed. Runs on this thread and lets the event loop have a turn after each step.
 *
 * @throws NoduleTrainError `bad-use`, `config`, `rate-not-found` where the loss breaks at once, what opening the data throws, the signal's reason
 */
export async function findLearningRate(
  input: TrainConfigInput,
  { from = 1e-6, to = 1, steps = 120 }: RateSweep = {},
  { onStep, note = () => {}, signal }: RateFinderHooks = {},
): Promise<RateFinding> {
  if (!(from > 0 && to > from) || steps < 2 * FIRST_LOOK)
    throw new NoduleTrainError(
      'bad-use',
      `finding a learning rate: from ${from} to ${to} in ${steps} steps was asked for; wanted are 0 < from < to and at least ${2 * FIRST_LOOK} steps`,
    );
  // Weights that fell behind, or a step left out, would blur what a rate does.
  const config = { ...resolveTrainConfig(input), ema: 0, captureSteps: false, onNan: 'stop' as const };
  const training = await openTraining(config, null, null, note);
  const { stepsPerEpoch, sampler, counts, net } = training;
  const learningRateAt = (step: number) => from * (to / from) ** (step / (steps - 1));
  const runner = createStepRunner({ ...training, learningRateAt });
  const rates: number[] = [];
  const losses: number[] = [];
  let averaged: number[] = [];
  let diverged = false;
  net.train();
  for (let step = 0; step < steps && !diverged; step++) {
    signal?.throwIfAborted();
    if (step % stepsPerEpoch === 0) sampler.startEpoch(step / stepsPerEpoch + 1);
    counts.reset();
    runner.run(step, 1);
    const { loss, samples, positiveLoss, positiveSamples, badSteps } = counts.read();
    diverged = badSteps > 0 || samples === 0;
    if (diverged) break;
    rates.push(learningRateAt(step));
    losses.push(positiveSamples > 0 ? positiveLoss / positiveSamples : loss / samples);
    averaged = smoothedLosses(losses);
    diverged = hasDiverged(averaged);
    onStep?.(step + 1, steps, learningRateAt(step), averaged.at(-1) as number);
    await yieldToEvents();
  }
  sampler.dispose();
  if (rates.length < FIRST_LOOK)
    throw new NoduleTrainError(
      'rate-not-found',
      `finding a learning rate: after ${rates.length} steps from ${from} on the loss was not finite; begin lower with --from`,
    );
  const smoothed = smoothedBothWays(losses);
  const at = smoothed.indexOf(Math.min(...smoothed));
  const least = rates[at] as number;
  const suggested = !diverged && at >= rates.length - FIRST_LOOK ? null : Number((least / 10).toPrecision(2));
  return { rates, losses, smoothed, least, suggested, diverged };
}
