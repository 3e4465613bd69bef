import type { Sampler } from '../../data/index.js';

/** A sampler that tells how long steps waited for it: on the CPU, where its calls end when the crops are there. */
export interface TimedSampler extends Sampler {
  /** Milliseconds since this was last asked. */
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
