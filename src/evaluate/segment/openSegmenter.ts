import { Worker } from 'node:worker_threads';
import { checkOptions } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { OperatingPoint } from '../../score/index.js';
import type { Provenance } from './scanResult.js';
import type { SegmentProgress, SegmentResult } from './segmentEvents.js';
import type { SegmentJob } from './segmentJob.js';
import { modelsSchema, type SegmentModelOptions, segmentModelSchema } from './segmentOptions.js';
import type { FromWorker, ReadyMessage, ToWorker, WorkerSetup } from './segmentWorker.js';

/** A model, or an ensemble, that is loaded in a worker thread and segments scans. */
export interface Segmenter {
  /** Names and hashes of the model files. */
  readonly models: Provenance['models'];
  /** Device that the model runs on. */
  readonly device: string;
  /** Operating point of the first model, used where no option overrides it. */
  readonly operatingPoint: OperatingPoint;
  /**
   * Queues a job; events come while it runs. Rejects with the job's error, or the reason of the signal. The scan of
   * `next` is read meanwhile if `readAhead`, by default on a GPU.
   */
  run(
    job: SegmentJob,
    onEvent: (event: SegmentProgress) => void,
    options?: { signal?: AbortSignal | undefined; next?: SegmentJob | undefined; readAhead?: boolean },
  ): Promise<SegmentResult>;
  /** Stops the jobs that are queued or running, which reject, and frees the model. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Pending {
  onEvent(event: SegmentProgress): void;
  resolve(result: SegmentResult): void;
  reject(error: unknown): void;
}

/**
 * Loads one model, or several as an ensemble (the mean of their probabilities), in a worker thread. `segment` can then
 * be called many times, also concurrently: scans wait for each other, because each uses all threads of the network.
 * An idle model does not keep the process alive. The package exports this as `openModel`; the worker opens each file
 * with `openModel` of src/model.
 *
 * @param model bundled name (`default`, `phantom-hu`), checkpoint of a run, or plain weights
 * @throws NoduleTrainError `options`, `device`, and what reading a model throws
 */
export async function openSegmenter(
  model: string | readonly string[],
  given: SegmentModelOptions = {},
): Promise<Segmenter> {
  const models = checkOptions(modelsSchema, 'opening a model', typeof model === 'string' ? [model] : model);
  const options = checkOptions(segmentModelSchema, 'opening a model', given);
  const workerData: WorkerSetup = { models, options };
  // Flags of the caller's process (--input-type, --inspect) do not fit the worker.
  const worker = new Worker(new URL('./segmentWorker.js', import.meta.url), { workerData, execArgv: [] });
  const pending = new Map<number, Pending>();
  let opened: { resolve(message: ReadyMessage): void; reject(error: unknown): void } | null = null;
  const ready = new Promise<ReadyMessage>((resolve, reject) => {
    opened = { resolve, reject };
  });
  /** Why no job can run any more. */
  let ended: Error | null = null;

  const settle = (id: number, how: (job: Pending) => void) => {
    const job = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) worker.unref();
    if (job !== undefined) how(job);
  };
  const end = (error: Error) => {
    ended ??= error;
    opened?.reject(ended);
    for (const id of [...pending.keys()]) settle(id, ({ reject }) => reject(ended));
  };
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'ready') opened?.resolve(message);
    else if (message.kind === 'event') pending.get(message.id)?.onEvent(message.event);
    else if (message.kind === 'done') settle(message.id, ({ resolve }) => resolve(message.result));
    else {
      const error = new NoduleTrainError(message.code, message.message);
      if (message.id === null) end(error);
      else settle(message.id, ({ reject }) => reject(error));
    }
  });
  worker.on('error', end);
  worker.on('exit', () =>
    end(new NoduleTrainError('model-closed', 'segmenting: the worker thread of the model ended')),
  );

  const { point, provenance } = await ready;
  worker.unref();
  const post = (message: ToWorker) => worker.postMessage(message);
  /** Jobs whose scans are read in advance. */
  const announced = new WeakMap<SegmentJob, number>();
  let lastId = 0;
  const announce = (job: SegmentJob): number => {
    announced.set(job, ++lastId);
    return lastId;
  };
  const dispose = async () => {
    ended ??= new NoduleTrainError('model-closed', 'segmenting: the model was disposed. Open it again.');
    end(ended);
    await worker.terminate();
  };
  return {
    models: provenance.models,
    device: provenance.device,
    operatingPoint: point,
    run(job, onEvent, { signal, next, readAhead = provenance.device !== 'cpu' } = {}) {
      if (ended !== null) return Promise.reject(ended);
      if (signal?.aborted) return Promise.reject(signal.reason);
      const id = announced.get(job) ?? ++lastId;
      announced.delete(job);
      const { promise, resolve, reject } = withResolvers<SegmentResult>();
      const abort = () => post({ kind: 'abort', id });
      pending.set(id, {
        onEvent,
        resolve,
        reject: (error) => reject(signal?.aborted ? signal.reason : error),
      });
      signal?.addEventListener('abort', abort, { once: true });
      worker.ref();
      try {
        post({ kind: 'segment', id, job });
        // On a GPU the processor is free to read the next scan; on the CPU reading would only compete with the network.
        if (next !== undefined && readAhead) post({ kind: 'read', id: announce(next), job: next });
      } catch (error) {
        // What cannot be sent to a thread, such as a function.
        settle(id, (job) => job.reject(error));
      }
      return promise.finally(() => signal?.removeEventListener('abort', abort));
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}
