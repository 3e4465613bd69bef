import type { TrainConfig } from './config.js';

/**
 * Learning rate of a step, counted from 0 over the whole run. `cosine` falls from the full rate to 0 along half a
 * cosine (Loshchilov and Hutter 2017, without restarts).
 */
export function learningRate(
  { decay, learningRate: full }: Pick<TrainConfig, 'decay' | 'learningRate'>,
  step: number,
  steps: number,
): number {
  if (decay === 'none') return full;
  return 0.5 * full * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps));
}
