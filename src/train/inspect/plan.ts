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
import { labelRuleSchema } from '../../labels/index.js';
import { resolveTrainConfig } from '../config/config.js';
import { type TrainConfig, trainConfigSchema } from '../config/schema.js';
import { measureStep } from './measureStep.js';

const { epochs, samples, batch, cropSize, contextSlices, negatives, negativesPerScan, validationShare, network } =
  trainConfigSchema.shape;

export const planOptionsSchema = z.strictObject({
  data: z.string().min(1).describe('folder of scans, or a prepared store'),
  out: z.string().min(1).optional().describe('folder on the disk that is to hold the store; default where data lie'),
  sample: z.int().positive().default(6).describe('scans that are read and labelled for it'),
  workers: z.int().min(0).default(0).describe('worker threads of prepare; 0: one for each core'),
  memoryGb: z.number().positive().optional().describe('memory to plan for, GB; default what is free'),
  diskGb: z.number().positive().optional().describe('disk to plan for, GB; default what is free'),
  ...{ epochs, samples, batch, cropSize, contextSlices, negatives, negativesPerScan, validationShare, network },
  ...sourceOptionsSchema.shape,
  ...labelRuleSchema.shape,
});

/** What a job wants and whether it is there. Bytes. */
export interface Demand {
  readonly memory: number;
  readonly disk: number;
  readonly seconds: number;
}

export interface Plan {
  readonly fingerprint: Fingerprint;
  readonly free: { readonly memory: number; readonly disk: number };
  readonly prepare: Demand;
  readonly train: Demand;
  readonly secondsPerStep: number;
  /** What will not fit and what would, one sentence each; empty where all fits. */
  readonly faults: readonly string[];
}

/** Of Node with libtorch, before any scan. */
const processBytes = 300e6;
/** Where a scan is labelled it lies there as packed file, int16, uint8 mask and what the rule works with. */
const bytesPerVoxelWorked = 8;
/** int16 and a mask of uint8. */
const bytesPerVoxelKept = 3;
/** Rows and columns around a nodule, from the sampler's defaults. */

/**
 * What preparing and training will want of memory, disk and time: counted from a fingerprint of the data, and measured on a few scans and a
 * few training steps here. Estimates; docs/guide/plan.md says what is in them. Throws what opening and reading throw.
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
  const found = await fingerprint(dataset, options.sample, onProgress);
  const config = resolveTrainConfig({
    ...{ data: options.data, out: 'run', epochs: options.epochs, samples: options.samples, batch: options.batch },
    ...{ cropSize: options.cropSize, contextSlices: options.contextSlices, negatives: options.negatives },
    ...{ negativesPerScan: options.negativesPerScan, validationShare: options.validationShare },
    network: options.network,
  });
  const step = measureStep(config);
  const workers = Math.min(options.workers || availableParallelism(), found.scans);
  const free = {
    memory: options.memoryGb === undefined ? process.availableMemory() : options.memoryGb * 1e9,
    disk: options.diskGb === undefined ? await freeDisk(options.out ?? options.data) : options.diskGb * 1e9,
  };
  const prepare: Demand = {
    memory: processBytes + workers * bytesPerVoxelWorked * found.voxels.max,
    disk: dataset.kind === 'store' ? 0 : found.scans * bytesPerVoxelKept * found.voxels.mean,
    seconds: dataset.kind === 'store' ? 0 : (found.secondsPerScan * found.scans) / workers,
  };
  const train = trainDemand(config, found, step);
  return {
    fingerprint: found,
    free,
    prepare,
    train,
    secondsPerStep: step.seconds,
    faults: faultsOf({ free, prepare, train }, found, workers, config),
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
    // Gathered as planes, then copied into one tensor.
    memory: processBytes + 2 * crops + bytesPerVoxelWorked * found.voxels.max + step.bytes,
    disk: 0,
    seconds:
      found.secondsPerScan * found.scans +
      config.epochs * (Math.ceil(config.samples / config.batch) * step.seconds + validated * found.secondsPerScan),
  };
}

/** Where the folder is not there yet: of the nearest one above it. */
async function freeDisk(folder: string): Promise<number> {
  let at = resolve(folder);
  while (!existsSync(at)) at = dirname(at);
  const { bavail, bsize } = await statfs(at);
  return bavail * bsize;
}

const gb = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`;

function faultsOf(
  { free, prepare, train }: Pick<Plan, 'free' | 'prepare' | 'train'>,
  found: Fingerprint,
  workers: number,
  config: TrainConfig,
): string[] {
  const faults: string[] = [];
  if (prepare.disk > free.disk) {
    const fit = Math.floor(free.disk / (bytesPerVoxelKept * found.voxels.mean));
    faults.push(
      `The store of ${found.scans} scans wants ${gb(prepare.disk)} of disk, ${gb(free.disk)} are free: ${fit} scans would fit, or give an --out on a larger disk`,
    );
  }
  if (prepare.memory > free.memory) {
    const fit = Math.floor((free.memory - processBytes) / (bytesPerVoxelWorked * found.voxels.max));
    faults.push(
      `Preparing with ${workers} workers wants ${gb(prepare.memory)} of memory, ${gb(free.memory)} are free: ${fit >= 1 ? `--workers ${fit} would fit` : 'not even one worker fits; take a machine with more memory'}`,
    );
  }
  if (train.memory > free.memory)
    faults.push(
      `Training wants ${gb(train.memory)} of memory, ${gb(free.memory)} are free: fewer --negatives-per-scan (${config.negativesPerScan}), a lower --batch (${config.batch}) or fewer scans want less`,
    );
  return faults;
}
