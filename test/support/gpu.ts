import { cuda } from '../../dist/torch/index.js';

/** Why tests on a GPU cannot run here, null where they can: skip then and say so in the title. */
export const whyNoGpu = (): string | null => {
  try {
    return cuda.isAvailable() ? null : (cuda.unavailableReason() ?? 'unknown');
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? 'unknown';
  }
};
