// A thread of piscinaPool.ts. It computes with the weights of the main thread, without a copy.
import { threadId } from 'node:worker_threads';
import {
  functional as F,
  fromData,
  fromSharedState,
  type SharedState,
  scope,
  setNumThreads,
  type Tensor,
} from 'nodule-train/torch';
import { Piscina } from 'piscina';

export interface Task {
  values: Float32Array;
}

export interface Result {
  sum: number;
  thread: number;
}

/** Data of every thread of the pool. */
export interface PoolData {
  weights: SharedState;
}

export const SIZE = 256;

function openWeights({ weights }: PoolData): Map<string, Tensor> {
  // The pool provides the parallelism.
  setNumThreads(1);
  return fromSharedState(weights);
}

const weights = Piscina.isWorkerThread ? openWeights(Piscina.workerData) : new Map<string, Tensor>();

const weight = (name: string): Tensor => {
  const found = weights.get(name);
  if (found === undefined) throw new Error(`piscinaWorker: no weight ${name}; it runs in a thread of the pool only`);
  return found;
};

/** Returns the sum of the squared outputs for one input. */
// biome-ignore lint/style/noDefaultExport: Piscina calls the default export
export default function run({ values }: Task): Result {
  const sum = scope(() => {
    const hidden = F.linear(fromData(values, [1, SIZE]), weight('0.weight'), weight('0.bias')).tanh();
    return F.linear(hidden, weight('2.weight'), weight('2.bias')).square().sum().item();
  });
  return { sum, thread: threadId };
}
