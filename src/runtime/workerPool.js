import { Worker } from 'node:worker_threads';
import { NoduleTrainError } from './error.js';

/**
 * What a worker answers to a job.
 * @template Reply
 * @typedef {{reply: Reply} | {error: {code: string, message: string}}} Answer
 */

/**
 * Gives jobs to worker threads, to each the next one when it is done with its last, so that as many are under way as there are threads. The
 * module answers each message with one `Answer`; `answerJobs` does that for it.
 *
 * Where a job fails, `onError` says what becomes of it: it throws, then no further job is given out, those under way are
 * waited for, and what it threw is thrown; or it returns, then the others go on. A thread that dies fails the job that it had.
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
    const ended = (/** @type {number} */ code) => failed(new Error(`the worker thread ended with code ${code}`));
    worker.on('message', answered).on('error', failed).on('exit', ended);
    worker.postMessage(job);
  });

/**
 * In a worker: answers each job with what `work` gives or throws.
 *
 * @template Job, Reply
 * @param {import('node:worker_threads').MessagePort} port
 * @param {(job: Job) => Promise<Reply>} work
 * @param {string} code of errors that have none
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
