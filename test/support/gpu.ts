import { cuda } from '../../dist/torch/index.js';

/** The reason why no GPU test can run here, or null: with a reason skip and give it in the title. */
export const whyNoGpu = (): string | null => {
  try {
    return cuda.isAvailable() ? null : (cuda.unavailableReason() ?? 'unknown');
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? 'unknown';
  }
};

/** Suffix of a title: the reason why its tests are skipped, nothing where they run. */
export const skipNote = (reason: string | null): string => (reason === null ? '' : ` (skipped: ${reason})`);
