import type { TrainConfig } from '../config/schema.js';

/**
 * One-cycle schedule, with the defaults of PyTorch's OneCycleLR: share of rising steps, full rate / first rate, first
 * rate / last rate.
 */
const ONE_CYCLE = { rising: 0.3, first: 25, last: 1e4 };

/** Interpolates between two rates along half a cosine; `share` is from 0 to 1. */
const halfCosine = (from: number, to: number, share: number): number =>
  to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));

/**
 * Returns the learning rate of a step, counted from 0 over the whole run.
 *
 * It rises linearly to the full rate over `warmUpSteps`, then follows the schedule over the remaining steps, with t
 * their share that is done:
 * - `constant`: the full rate
 * - `cosine`: falls to 0 along half a cosine (Loshchilov and Hutter 2017, without restarts)
 * - `poly`: falls as (1 - t)^polyPower
 * - `one-cycle`: rises for 30 % of the steps, then falls to almost 0 (Smith and Topin 2018; constant momentum)
 */
export function learningRate(
  config: Pick<TrainConfig, 'schedule' | 'learningRate' | 'warmUpSteps' | 'polyPower'>,
  step: number,
  steps: number,
): number {
  const { schedule, learningRate: full, warmUpSteps, polyPower } = config;
  if (step < warmUpSteps) return (full * (step + 1)) / warmUpSteps;
  const at = Math.min(step, steps) - warmUpSteps;
  const over = Math.max(1, steps - warmUpSteps);
  switch (schedule) {
    case 'constant':
      return full;
    case 'cosine':
      return halfCosine(full, 0, at / over);
    case 'poly':
      return full * (1 - at / over) ** polyPower;
    case 'one-cycle': {
      const first = full / ONE_CYCLE.first;
      const top = ONE_CYCLE.rising * over - 1;
      if (at <= top) return halfCosine(first, full, at / top);
      return halfCosine(full, first / ONE_CYCLE.last, Math.min(1, (at - top) / Math.max(1e-9, over - 1 - top)));
    }
  }
}
