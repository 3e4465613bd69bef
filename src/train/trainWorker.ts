import { parentPort, workerData } from 'node:worker_threads';
import { NoduleTrainError } from '../runtime/index.js';
import type { TrainEvent } from './events.js';
import type { TrainTask } from './run/runRecord.js';
import { runTraining } from './runTraining.js';

/** Message of the worker. Errors lose their class between threads, so code and message are sent. */
export type WorkerMessage = { kind: 'event'; event: TrainEvent } | { kind: 'error'; code: string; message: string };

const { task, stop } = workerData as { task: TrainTask; stop: Int32Array };
const send = (message: WorkerMessage) => parentPort?.postMessage(message);

try {
  await runTraining(task, {
    emit: (event) => send({ kind: 'event', event }),
    stopRequested: () => Atomics.load(stop, 0) !== 0,
  });
} catch (error) {
  if (!(error instanceof NoduleTrainError)) throw error;
  send({ kind: 'error', code: error.code, message: error.message });
}
