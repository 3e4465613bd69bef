import { NoduleTrainError } from '../../runtime/index.js';
import { shown } from '../shown.js';

/** Checks that options of a loss are finite and at least `least`. @throws NoduleTrainError `loss-options` */
export function checkOptions(loss: string, options: Record<string, number>, least = 0): void {
  for (const [name, value] of Object.entries(options))
    if (!Number.isFinite(value) || value < least)
      throw new NoduleTrainError(
        'loss-options',
        `${loss}: ${name} is ${shown(value)}, expected a finite number of at least ${least}`,
      );
}
