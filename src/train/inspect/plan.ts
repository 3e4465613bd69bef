import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import {
  type Fingerprint,
  fingerprint,
  openDataset,
  pickSourceOptions,
  sourceOptionsSchema,
} from '../../data/index.js';
import { type LabelAccount, labelRuleSchema, lostLabelsCsv } from '../../labels/index.js';
import { checkOutputFile, saveResult } from '../../runtime/index.js';
import { resolveTrainConfig } from '../config/config.js';
import { type TrainConfig, trainConfigSchema } from '../config/schema.js';
import { measureStep } from './measureStep.js';

const { epochs, samples, batch, cropSize, contextSlices, negatives, negativesPerScan, validationShare, network } =
  trainConfigSchema.shape;

export const planOptionsSchema = z.strictObject({
  data: z.string().min(1).describe('folder of scans or a prepared store'),
  out: z.string().min(1).optional().describe('folder on the disk for the store; default: the disk of the data'),
  sample: z.int().positive().max(1e6).default(6).describe('scans to read and label for the estimate'),
  workers: z.int().min(0).max(1024).default(0).describe('worker threads of prepare; 0: one per core'),
  memoryGb: z.number().positive().max(1e9).optional().describe('memory to plan for in GB; default: the free memory'),
  diskGb: z.number().positive().max(1e9).optional().describe('disk space to plan for in GB; default: the free space'),
  epochs,
  samples,
  batch,
  cropSize,
  contextSlices,
  negatives,
  negativesPerScan,
  validationShare,
  network,
  ...sourceOptionsSchema.shape,
  ...labelRuleSchema.shape,
  lostLabelsCsv: z
    .string()
    .min(1)
    .optional()
    .describe('CSV file to write: one line per annotation that is not used, with the reason'),
});

/** Needs of a job. Memory and disk in bytes. */
export interface Demand {
  readonly memory: number;
  readonly disk: number;
  readonly seconds: number;
}

export interface Plan {
  readonly fingerprint: Fingerprint;
  /** What the user should know about the data, one sentence each. */
  readonly notes: readonly string[];
  /** What became of the labels of the scans that were read, or of all in a prepared store. */
  readonly labels: LabelAccount;
  readonly free: { readonly memory: number; readonly disk: number };
  readonly prepare: Demand;
  readonly train: Demand;
  readonly secondsPerStep: number;
  /** What does not fit and what would, one sentence each; empty if everything fits. */
  readonly faults: readonly string[];
}

/** Memory of Node with libtorch before any scan. */
const PROCESS_BYTES = 300e6;
/** Memory per voxel while a scan is labelled: packed file, int16 voxels, uint8 mask and the rule's working memory. */
const LABELLING_BYTES_PER_VOXEL = 8;
/** Disk per voxel of the store: int16 voxels and a uint8 mask. */
const STORED_BYTES_PER_VOXEL = 3;

/**
 * Estimates memory, disk and time of preparing and training, from a fingerprint of the data and from measurements on a
 * few scans and training steps on this machine. docs/guide/plan.md explains the estimates.
 * @throws NoduleTrainError `config`, and what opening and reading the data throws
 */
export async function plan(
  input: z.input<typeof planOptionsSchema>,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<Plan> {
  const options = planOptionsSchema.parse(input);
  const { labels, box, sphere, votes } = options;
  const dataset = await openDataset(options.data, {
    ...pickSourceOptions(options),
    labels: { labels, box, sphere, votes },
  });
  if (options.lostLabelsCsv !== undefined)
    checkOutputFile(`planning for ${options.data}`, '--lost-labels-csv', options.lostLabelsCsv);
  const found = await fingerprint(dataset, options.sample, onProgress);
  const account = dataset.labelAccount();
  if (options.lostLabelsCsv !== undefined) saveResult(options.lostLabelsCsv, lostLabelsCsv(account));
  const config = resolveTrainConfig({
    data: options.data,
    out: 'run',
    epochs: options.epochs,
    samples: options.samples,
    batch: options.batch,
    cropSize: options.cropSize,
    contextSlices: options.contextSlices,
    negatives: options.negatives,
    negativesPerScan: options.negativesPerScan,
    validationShare: options.validationShare,
    network: options.network,
  });
  const step = measureStep(config);
  const workers = Math.min(options.workers || availableParallelism(), found.scans);
  const free = {
    memory: options.memoryGb === undefined ? process.availableMemory() : options.memoryGb * 1e9,
    disk: options.diskGb === undefined ? await freeDisk(options.out ?? options.data) : options.diskGb * 1e9,
  };
  const prepare: Demand = {
    memory: PROCESS_BYTES + workers * LABELLING_BYTES_PER_VOXEL * found.voxels.max,
    disk: dataset.kind === 'store' ? 0 : found.scans * STORED_BYTES_PER_VOXEL * found.voxels.mean,
    seconds: dataset.kind === 'store' ? 0 : (found.secondsPerScan * found.scans) / workers,
  };
  const train = trainDemand(config, found, step);
  return {
    fingerprint: found,
    notes: dataset.notes,
    labels: account,
    free,
    prepare,
    train,
    secondsPerStep: step.seconds,
    faults: planFaults({ free, prepare, train }, found, workers, config),
  };
}

function trainDemand(config: TrainConfig, found: Fingerprint, step: { seconds: number; bytes: number }): Demand {
  const scans = found.scans * (1 - config.validationShare);
  const context = 2 * config.contextSlices + 1;
  const nodules = (found.nodules / found.sampled.length) * scans;
  const negatives = config.negatives > 0 ? config.negativesPerScan * scans : 0;
  const images = nodules * (found.slicesPerNodule + context - 1) + negatives * context;
  const crops = config.planeSize ** 2 * (2 * images + nodules * found.slicesPerNodule);
  const validated = Math.ceil(found.scans * config.validationShare);
  return {
    // Twice: the crops are gathered as planes, then copied into one tensor.
    memory: PROCESS_BYTES + 2 * crops + LABELLING_BYTES_PER_VOXEL * found.voxels.max + step.bytes,
    disk: 0,
    seconds:
      found.secondsPerScan * found.scans +
      config.epochs * (Math.ceil(config.samples / config.batch) * step.seconds + validated * found.secondsPerScan),
  };
}

/** Returns the free bytes on the disk of a folder that need not exist yet. */
async function freeDisk(folder: string): Promise<number> {
  let at = resolve(folder);
  while (!existsSync(at)) at = dirname(at);
  const { bavail, bsize } = await statfs(at);
  return bavail * bsize;
}

const gb = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`;

function planFaults(
  { free, prepare, train }: Pick<Plan, 'free' | 'prepare' | 'train'>,
  found: Fingerprint,
  workers: number,
  config: TrainConfig,
): string[] {
  const faults: string[] = [];
  if (prepare.disk > free.disk) {
    const fit = Math.floor(free.disk / (STORED_BYTES_PER_VOXEL * found.voxels.mean));
    faults.push(
      `The store of ${found.scans} scans needs ${gb(prepare.disk)} of disk, ${gb(free.disk)} are free. ` +
        `${fit} scans would fit; or give an --out on a larger disk.`,
    );
  }
  if (prepare.memory > free.memory) {
    const fit = Math.floor((free.memory - PROCESS_BYTES) / (LABELLING_BYTES_PER_VOXEL * found.voxels.max));
    faults.push(
      `Preparing with ${workers} workers needs ${gb(prepare.memory)} of memory, ${gb(free.memory)} are free. ` +
        `${fit >= 1 ? `--workers ${fit} would fit.` : 'Not even one worker fits. Use a machine with more memory.'}`,
    );
  }
  if (train.memory > free.memory)
    faults.push(
      `Training needs ${gb(train.memory)} of memory, ${gb(free.memory)} are free. ` +
        `Use fewer --negatives-per-scan (${config.negativesPerScan}), a smaller --batch (${config.batch}) ` +
        'or fewer scans.',
    );
  return faults;
}
