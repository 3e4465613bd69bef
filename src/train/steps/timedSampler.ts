import type { Sampler } from '../../data/index.js';

/** A sampler that measures how long steps wait for it. On the CPU its calls return once the crops are cut. */
export interface TimedSampler extends Sampler {
  /** Returns the milliseconds spent in the sampler since the last call. */
  waited(): number;
}

export function timedSampler(sampler: Sampler): TimedSampler {
  let total = 0;
  const timed = <T>(fn: () => T): T => {
    const startedAt = performance.now();
    try {
      return fn();
    } finally {
      total += performance.now() - startedAt;
    }
  };
  return {
    ...sampler,
    startEpoch: (epoch, position) => timed(() => sampler.startEpoch(epoch, position)),
    next: () => timed(() => sampler.next()),
    waited: () => {
      const since = total;
      total = 0;
      return since;
    },
  };
}
