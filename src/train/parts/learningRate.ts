import type { TrainConfig } from '../config/schema.js';

/** Of the one-cycle schedule: the share of the steps that rises, the full rate over the first one, and the first over the last. */
const oneCycle = { rising: 0.3, first: 25, last: 1e4 };

/** From `from` to `to` along half a cosine; `share` 0…1. */
const halfCosine = (from: number, to: number, share: number): number =>
  to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));

/**
 * Learning rate of a step, counted from 0 over the whole run.
 *
 * After `warmUpSteps`, over which it rises in a straight line to the full rate, it follows the schedule over the rest of the steps:
 * `constant`; `cosine` falls to 0 along half a cosine (Loshchilov and Hutter 2017, without restarts); `poly` falls as
 * (1 - t)^polyPower, t the share of the steps that is done; `one-cycle` rises for three tenths of the steps and falls to almost 0 (Smith and Topin 2018,
 * with the constants of PyTorch's OneCycleLR; the momentum stays).
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
      const first = full / oneCycle.first;
      const top = oneCycle.rising * over - 1;
      if (at <= top) return halfCosine(first, full, at / top);
      return halfCosine(full, first / oneCycle.last, Math.min(1, (at - top) / Math.max(1e-9, over - 1 - top)));
    }
  }
}
