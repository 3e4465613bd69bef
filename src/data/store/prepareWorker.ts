import { parentPort, workerData } from 'node:worker_threads';
import { answerJobs } from '../../runtime/index.js';
import { type PrepareJob, type PrepareSetup, prepareScan } from './prepareScan.js';

answerJobs(parentPort!, (job: PrepareJob) => prepareScan(workerData as PrepareSetup, job), 'prepare-failed');
