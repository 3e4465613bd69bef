import type { Sampler } from '../../data/index.js';

/** A sampler that measures how long steps wait for it. On the CPU its calls return once the crops are cut. */
export interface TimedSampler extends Sampler {
  /** Returns the milliseconds spent in the sampler since the last call. */
  waited(): number;
}

/** Wraps a sampler. It delegates call by call, because a user's sampler may be an instance of a class. */
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
    batch: sampler.batch,
    intensity: sampler.intensity,
    batchesPerEpoch: sampler.batchesPerEpoch,
    counts: sampler.counts,
    hidesEdges: sampler.hidesEdges,
    startEpoch: (epoch, position) => timed(() => sampler.startEpoch(epoch, position)),
    next: () => timed(() => sampler.next()),
    sources: (position, count) => sampler.sources(position, count),
    state: () => sampler.state(),
    restore: (state) => sampler.restore(state),
    dispose: () => sampler.dispose(),
    waited: () => {
      const since = total;
      total = 0;
      return since;
    },
  };
}
