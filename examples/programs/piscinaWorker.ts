// A thread of piscinaPool.ts. Its network uses the weights of the main thread, without a copy.
import { threadId } from 'node:worker_threads';
import { fromData, fromSharedState, nn, noGrad, type SharedState, scope, setNumThreads } from 'nodule-train/torch';
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
export const createNetwork = (): nn.Sequential =>
  nn.sequential(nn.linear(SIZE, 4096), nn.tanh(), nn.linear(4096, 1024)).eval();

function openNetwork({ weights }: PoolData): nn.Sequential {
  // The pool provides the parallelism.
  setNumThreads(1);
  const net = createNetwork();
  scope(() => net.loadStateDict(fromSharedState(weights), { assign: true }));
  return net;
}

const network = Piscina.isWorkerThread ? openNetwork(Piscina.workerData) : null;

/** Returns the sum of the squared outputs for one input. */
export default function run({ values }: Task): Result {
  if (network === null) throw new Error('piscinaWorker runs in a thread of a pool only');
  const sum = scope(() => noGrad(() => Number(network.forward(fromData(values, [1, SIZE])).square().sum().item())));
  return { sum, thread: threadId };
}
