import { parentPort, workerData } from 'node:worker_threads';
import { NoduleTrainError } from '../../runtime/index.js';
import { openModels } from './openModels.js';
import type { SegmentProgress, SegmentResult } from './segmentEvents.js';
import { readScan, runSegmentJob, type ScanRead, type SegmentJob } from './segmentJob.js';
import type { SegmentModelOptions } from './segmentOptions.js';

export interface WorkerSetup {
  models: readonly string[];
  options: SegmentModelOptions;
}

/** What the models of a worker are, once they are open. */
export type ReadyMessage = { kind: 'ready' } & Pick<ReturnType<typeof openModels>, 'point' | 'provenance'>;

/** Message to the worker. `read` announces the next job, whose scan may be read while the current one runs. */
export type ToWorker =
  | { kind: 'segment'; id: number; job: SegmentJob }
  | { kind: 'read'; id: number; job: SegmentJob }
  | { kind: 'abort'; id: number };

/** Message of the worker. Errors lose their class between threads, so code and message are sent. */
export type FromWorker =
  | ReadyMessage
  | { kind: 'event'; id: number; event: SegmentProgress }
  | { kind: 'done'; id: number; result: SegmentResult }
  | { kind: 'error'; id: number | null; code: string; message: string };

const port = parentPort!;
const { models, options } = workerData as WorkerSetup;
const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

function sendError(id: number | null, error: unknown): void {
  const { code, message } =
    error instanceof NoduleTrainError
      ? error
      : { code: 'segment-failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  send({ kind: 'error', id, code, message });
}

try {
  const opened = openModels(models, options);
  /** Jobs run one after another: each uses all threads of the network, and two scans would need twice the memory. */
  let last = Promise.resolve();
  const aborts = new Map<number, AbortController>();
  let running: number | null = null;
  /** The scan that was read in advance; one, as each takes hundreds of megabytes. */
  let ahead: { id: number; scan: Promise<ScanRead> } | null = null;
  const run = async (id: number, job: SegmentJob, signal: AbortSignal, read: Promise<ScanRead> | undefined) => {
    // The error was sent when it was aborted.
    if (signal.aborted) return;
    running = id;
    try {
      const result = await runSegmentJob(opened, job, {
        emit: (event) => send({ kind: 'event', id, event }),
        signal,
        read,
      });
      const buffers = result.regions.map(({ positions }) => positions.buffer as ArrayBuffer);
      if (result.probabilities !== undefined) buffers.push(result.probabilities.buffer as ArrayBuffer);
      send({ kind: 'done', id, result }, [...new Set(buffers)]);
    } catch (error) {
      sendError(id, error);
    } finally {
      running = null;
      aborts.delete(id);
    }
  };
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'abort') {
      const abort = aborts.get(message.id);
      abort?.abort();
      // A queued job does not wait for its turn.
      if (abort !== undefined && message.id !== running) {
        aborts.delete(message.id);
        sendError(message.id, abort.signal.reason);
      }
      return;
    }
    const { id, job } = message;
    if (message.kind === 'read') {
      const scan = readScan(job);
      // Reported when the job takes it.
      scan.catch(() => {});
      ahead = { id, scan };
      return;
    }
    const abort = new AbortController();
    aborts.set(id, abort);
    const read = ahead?.id === id ? ahead.scan : undefined;
    if (read !== undefined) ahead = null;
    last = last.then(() => run(id, job, abort.signal, read));
  });
  send({ kind: 'ready', point: opened.point, provenance: opened.provenance });
} catch (error) {
  sendError(null, error);
  port.close();
}
