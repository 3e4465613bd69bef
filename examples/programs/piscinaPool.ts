// A pool of four threads that compute with the same weights in the same memory.
import { memory, nn, revokeSharedState, shareState } from 'nodule-train/torch';
import { Piscina } from 'piscina';
import { fixWeights } from './fixedWeights.js';
import { type PoolData, type Result, SIZE, type Task } from './piscinaWorker.js';

const THREADS = 4;

const inputOf = (n: number): Float32Array => Float32Array.from({ length: SIZE }, (_, i) => Math.sin(i * (n + 1)));

/** Returns the number and the sum of the results, the threads that took part, and the copies of weights they added. */
export async function piscinaPool(): Promise<number[]> {
  const net = nn.sequential(nn.linear(SIZE, 4096), nn.tanh(), nn.linear(4096, 1024));
  fixWeights(net);
  net.requiresGrad_(false);
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
    const copies = Math.round((memory().bytes.cpu - before) / size);
    revokeSharedState(workerData.weights);
    return [
      results.length,
      results.reduce((sum, result, n) => sum + result.sum * (n + 1), 0),
      threads.size,
      copies,
      memory().shared,
    ];
  } finally {
    await pool.close();
    net.dispose();
  }
}
