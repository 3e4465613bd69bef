import { NoduleTrainError } from '../../runtime/index.js';

/** Refuses options of a loss that are no finite numbers from `least` on. Throws `loss-options`. */
export function checkOptions(loss: string, options: Record<string, number>, least = 0): void {
  for (const [name, value] of Object.entries(options))
    if (!Number.isFinite(value) || value < least)
      throw new NoduleTrainError(
        'loss-options',
        `${loss}: ${name} is ${value}, wanted is a finite number from ${least}`,
      );
}
