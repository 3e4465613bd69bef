import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { NoduleTrainError } from '../../runtime/index.js';
import { resolveTrainConfig } from '../config/config.js';
import type { TrainConfigInput } from '../config/schema.js';
import { openTraining } from '../session/session.js';
import { createStepRunner } from '../steps/createStepRunner.js';

export interface RateSweep {
  /** Learning rate of the first step; default 1e-6. */
  from?: number;
  /** Learning rate of the last step; default 1. */
  to?: number;
  /** Number of steps, unless the loss diverges before; default 120. */
  steps?: number;
}

export interface RateFinding {
  /** Learning rate of each completed step. */
  rates: readonly number[];
  /** Mean loss of each step's crops with a nodule, before the weights change. */
  losses: readonly number[];
  /** Losses smoothed in both directions, see {@link smoothedBothWays}. */
  smoothed: readonly number[];
  /** Learning rate at the lowest smoothed loss. */
  least: number;
  /** A tenth of `least`; null if the loss was still falling at the end of the sweep. */
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
/** Steps before the first check for divergence: the average needs some losses. */
const FIRST_CHECK = 10;

/** Computes the exponential moving average, corrected for its start at 0 like Adam's moments. */
export function smoothedLosses(losses: readonly number[], decay = DECAY): number[] {
  let average = 0;
  return losses.map((loss, step) => {
    average = decay * average + (1 - decay) * loss;
    return average / (1 - decay ** (step + 1));
  });
}

/**
 * Computes the moving average forwards and then backwards, so that the curve does not lag. A single average lags by 1 /
 * (1 - decay) steps, which in a sweep is a factor of about three in the rate.
 */
export function smoothedBothWays(losses: readonly number[]): number[] {
  return smoothedLosses(smoothedLosses(losses).toReversed()).toReversed();
}

/**
 * Whether the latest smoothed loss has diverged: it is not finite, or it has risen from its minimum by more than it had
 * fallen before, and by more than a tenth of the minimum. A multiple of the minimum would not do: bounded losses such
 * as Dice never reach it.
 */
export function hasDiverged(smoothed: readonly number[]): boolean {
  const last = smoothed.at(-1) as number;
  if (!Number.isFinite(last)) return true;
  if (smoothed.length < FIRST_CHECK) return false;
  const least = Math.min(...smoothed);
  return last - least > Math.max((smoothed[0] as number) - least, 0.1 * Math.abs(least));
}

/**
 * Finds a learning rate by a range test (Smith 2017, "Cyclical learning rates for training neural networks", section
 * 3.3). It trains on batches with an exponentially rising rate and records the loss of the crops with a nodule. The
 * other crops are ignored: at too high a rate a network predicts no nodules at all, which is perfect on them. The
 * suggestion is a tenth of the rate with the lowest smoothed loss, because at that rate steps are already too large to
 * help, and a whole run needs a margin.
 *
 * Trains a new network, as a run of this configuration would. Creates and changes no run folder. Runs on this thread
 * and yields to the event loop after each step.
 *
 * @throws NoduleTrainError `bad-use`, `config`, `rate-not-found` if the loss diverges at once, what opening the data
 *   throws, and the signal's reason
 */
export async function findLearningRate(
  input: TrainConfigInput,
  { from = 1e-6, to = 1, steps = 120 }: RateSweep = {},
  { onStep, note = () => {}, signal }: RateFinderHooks = {},
): Promise<RateFinding> {
  if (!(from > 0 && to > from) || steps < 2 * FIRST_CHECK)
    throw new NoduleTrainError(
      'bad-use',
      `finding a learning rate: found a sweep from ${from} to ${to} in ${steps} steps, ` +
        `expected 0 < from < to and at least ${2 * FIRST_CHECK} steps.`,
    );
  // Averaged weights or skipped steps would blur the effect of a rate.
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
  if (rates.length < FIRST_CHECK)
    throw new NoduleTrainError(
      'rate-not-found',
      `finding a learning rate: the loss diverged after ${rates.length} steps from rate ${from}. ` +
        'Start lower with --from.',
    );
  const smoothed = smoothedBothWays(losses);
  const at = smoothed.indexOf(Math.min(...smoothed));
  const least = rates[at] as number;
  const suggested = !diverged && at >= rates.length - FIRST_CHECK ? null : Number((least / 10).toPrecision(2));
  return { rates, losses, smoothed, least, suggested, diverged };
}
