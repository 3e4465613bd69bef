import { Worker } from 'node:worker_threads';
import { NoduleTrainError } from '../runtime/index.js';
import { resolveTrainConfig } from './config/config.js';
import type { TrainConfigInput } from './config/schema.js';
import type { TrainEvent } from './events.js';
import { recordedConfig } from './run/runConfig.js';
import { runFolder } from './run/runFolder.js';
import type { TrainTask } from './run/runRecord.js';
import type { WorkerMessage } from './trainWorker.js';

export interface TrainOptions {
  /** Aborting it stops the run as leaving the iteration does, but the remaining events are still yielded. */
  signal?: AbortSignal;
}

/**
 * Trains in a worker thread and yields events. Leaving the iteration (`break`, `return`) stops the run after the
 * current step, saves a checkpoint, and waits until that is done. `resumeTraining` continues from there.
 *
 * @throws NoduleTrainError `config` at once; the iteration throws errors of the run
 */
export function train(config: TrainConfigInput, options: TrainOptions = {}): AsyncGenerator<TrainEvent, void, void> {
  return events({ kind: 'new', config: resolveTrainConfig(config) }, options);
}

/**
 * Continues a run from its last checkpoint. The results are bit-identical to those of an uninterrupted run.
 * @throws NoduleTrainError `run-missing`, `run-config` at once; the iteration throws errors of the run
 */
export function resumeTraining(run: string, options: TrainOptions = {}): AsyncGenerator<TrainEvent, void, void> {
  return events({ kind: 'resume', config: recordedConfig(runFolder(run)), run }, options);
}

async function* events(task: TrainTask, { signal }: TrainOptions): AsyncGenerator<TrainEvent, void, void> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const requestStop = () => Atomics.store(stop, 0, 1);
  if (signal?.aborted) requestStop();
  signal?.addEventListener('abort', requestStop);
  const worker = new Worker(new URL('./trainWorker.js', import.meta.url), {
    workerData: { task, stop },
    // For the manifest, which records the command line.
    argv: process.argv.slice(2),
    // Flags of the caller's process (--input-type, --inspect) do not fit the worker.
    execArgv: [],
  });
  const inbox = openInbox(worker);
  let finished = false;
  try {
    for (;;) {
      const message = await inbox.next();
      if (message === null) break;
      if (message.kind === 'error') throw new NoduleTrainError(message.code, message.message);
      yield message.event;
    }
    finished = true;
  } finally {
    signal?.removeEventListener('abort', requestStop);
    requestStop();
    if (!finished) while ((await inbox.next().catch(() => null)) !== null);
  }
}

/** Returns the worker's messages in order, then null once it has ended. Throws if the worker crashed. */
function openInbox(worker: Worker): { next(): Promise<WorkerMessage | null> } {
  const waiting: WorkerMessage[] = [];
  let wake = () => {};
  let ended = false;
  let failure: Error | null = null;
  worker.on('message', (message: WorkerMessage) => {
    waiting.push(message);
    wake();
  });
  worker.on('error', (error) => {
    failure = error;
    wake();
  });
  worker.on('exit', () => {
    ended = true;
    wake();
  });
  return {
    async next() {
      for (;;) {
        const message = waiting.shift();
        if (message) return message;
        if (failure) throw failure;
        if (ended) return null;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
