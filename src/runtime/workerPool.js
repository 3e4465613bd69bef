import { Worker } from 'node:worker_threads';
import { NoduleTrainError } from './error.js';

/**
 * A worker's answer to a job.
 * @template Reply
 * @typedef {{reply: Reply} | {error: {code: string, message: string}}} Answer
 */

/**
 * Runs jobs in worker threads. Each thread gets the next job when it has finished its last, so there are as many jobs
 * in progress as threads. The module answers each message with one `Answer`; `answerJobs` does that for it.
 *
 * If a job fails, `onError` decides. If it throws, no further job starts, the jobs in progress are awaited and its
 * error is rethrown. If it returns, the other jobs go on. A thread that dies fails its current job.
 *
 * @template Job, Reply
 * @param {URL} module
 * @param {Iterable<Job> | AsyncIterable<Job>} jobs
 * @param {object} options
 * @param {number} options.threads
 * @param {unknown} [options.workerData]
 * @param {(reply: Reply, index: number) => void} options.onReply
 * @param {(error: Error, index: number) => void} [options.onError]
 * @returns {Promise<void>}
 */
export async function runInWorkers(module, jobs, { threads, workerData, onReply, onError = rethrow }) {
  const iterator = Symbol.asyncIterator in jobs ? jobs[Symbol.asyncIterator]() : jobs[Symbol.iterator]();
  let next = 0;
  /** @type {{error: unknown} | undefined} */
  let stopped;
  const lane = async () => {
    /** @type {Worker | undefined} */
    let worker;
    try {
      while (stopped === undefined) {
        const index = next++;
        const job = await iterator.next();
        if (job.done === true || stopped !== undefined) return;
        try {
          worker ??= new Worker(module, { workerData });
          const answer = /** @type {Answer<Reply>} */ (await ask(worker, job.value));
          if ('error' in answer) onError(new NoduleTrainError(answer.error.code, answer.error.message), index);
          else onReply(answer.reply, index);
        } catch (error) {
          if (!(error instanceof WorkerDied)) throw error;
          worker = undefined;
          onError(/** @type {Error} */ (error.cause), index);
        }
      }
    } catch (error) {
      stopped ??= { error };
    } finally {
      await worker?.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, lane));
  if (stopped !== undefined) throw stopped.error;
}

/** @param {Error} error */
const rethrow = (error) => {
  throw error;
};

class WorkerDied extends Error {}

/** @param {Worker} worker @param {unknown} job @returns {Promise<unknown>} */
const ask = (worker, job) =>
  new Promise((resolve, reject) => {
    /** @param {() => void} settle */
    const end = (settle) => {
      worker.off('message', answered).off('error', failed).off('exit', ended);
      settle();
    };
    const answered = (/** @type {unknown} */ answer) => end(() => resolve(answer));
    const failed = (/** @type {Error} */ cause) => end(() => reject(new WorkerDied('', { cause })));
    const ended = (/** @type {number} */ code) => failed(new Error(`the worker thread exited with code ${code}`));
    worker.on('message', answered).on('error', failed).on('exit', ended);
    worker.postMessage(job);
  });

/**
 * Answers each job in a worker with what `work` resolves to or throws.
 *
 * @template Job, Reply
 * @param {import('node:worker_threads').MessagePort} port
 * @param {(job: Job) => Promise<Reply>} work
 * @param {string} code error code for errors without one
 */
export function answerJobs(port, work, code) {
  port.on('message', async (/** @type {Job} */ job) => {
    /** @type {Answer<Reply>} */
    const answer = await work(job).then(
      (reply) => ({ reply }),
      (error) => ({
        error: {
          code: error instanceof NoduleTrainError ? error.code : code,
          message: error instanceof Error ? error.message : String(error),
        },
      }),
    );
    port.postMessage(answer);
  });
}
