// A pool of four threads that compute with the same weights in the same memory.
import { memory, revokeSharedState, shareState } from 'nodule-train/torch';
import { Piscina } from 'piscina';
import { fixWeights } from './fixedWeights.js';
import { createNetwork, type PoolData, type Result, SIZE, type Task } from './piscinaWorker.js';

const THREADS = 4;

const inputOf = (n: number): Float32Array => Float32Array.from({ length: SIZE }, (_, i) => Math.sin(i * (n + 1)));

/** Returns sums of the results, the threads that took part, and the memory they added as a share of the weights. */
export async function piscinaPool(): Promise<Record<string, number>> {
  const net = createNetwork();
  fixWeights(net);
  const before = memory().bytes.cpu;
  const size = net.parameters().reduce((sum, parameter) => sum + 4 * parameter.numel, 0);
  // Piscina gives every thread the same data, also one that it starts after another ended.
  const workerData: PoolData = { weights: shareState(net.stateDict(), { uses: 'many' }) };
  const pool = new Piscina<Task, Result>({
    filename: new URL('./piscinaWorker.js', import.meta.url).href,
    minThreads: THREADS,
    maxThreads: THREADS,
    workerData,
  });
  try {
    const threads = new Set<number>();
    const runAll = () => Promise.all(Array.from({ length: 40 }, (_, n) => pool.run({ values: inputOf(n) })));
    let results: Result[] = [];
    // Threads that start late take no part in the first rounds.
    for (let round = 0; round < 500 && threads.size < THREADS; round++) {
      results = await runAll();
      for (const { thread } of results) threads.add(thread);
    }
    return {
      results: results.length,
      sum: results.reduce((sum, result, n) => sum + result.sum * (n + 1), 0),
      threads: threads.size,
      added: (memory().bytes.cpu - before) / size,
      revoked: revokeSharedState(workerData.weights),
      shared: memory().shared,
    };
  } finally {
    await pool.close();
    net.dispose();
  }
}
