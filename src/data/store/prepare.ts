import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type AuditCounts, createRule, type LabelRuleOptions, labelRuleSchema } from '../../labels/index.js';
import { checkOutputFolder, NoduleTrainError, runInWorkers, sweepAbandoned } from '../../runtime/index.js';
import { type AuditProgress, auditDataset } from '../auditDataset.js';
import type { Dataset } from '../dataset.js';
import { defaultBackgroundPoints } from '../openDataset.js';
import { openSource } from '../sources/openSource.js';
import type { Source } from '../sources/source.js';
import { sourceOptionsSchema } from '../sources/sourceOptions.js';
import { writeNnunet } from '../writeNnunet.js';
import { pathHash, type RememberedFile, readHashes, rememberHashes } from './fileHashes.js';
import type { PreparedOne, PrepareJob, PrepareSetup } from './prepareScan.js';
import { mergeIntoStore, openStore, readStoreIndex, type Store } from './store.js';
import { claimStore } from './storeClaims.js';

const distance = z.number().positive();

export const prepareOptionsSchema = z.strictObject({
  data: z.string().min(1).describe('folder of scans'),
  out: z.string().min(1).describe('folder of the prepared store; what is in it already is kept'),
  ...sourceOptionsSchema.shape,
  backgroundPoints: z.int().min(0).default(defaultBackgroundPoints).describe('places without a nodule in each scan'),
  spacing: z
    .tuple([distance, distance, distance])
    .optional()
    .describe("mm between voxels, x,y,z: scans and truth are resampled to it; default each scan's own"),
  ...labelRuleSchema.shape,
  export: z.string().min(1).optional().describe('also write each mask there, as UID_mask.mhd'),
  exportNnunet: z
    .string()
    .min(1)
    .optional()
    .describe('also write scans and masks of the whole store there as an nnU-Net raw folder'),
  audit: z
    .string()
    .min(1)
    .optional()
    .describe('also judge the truth of all scans of the store, as audit.html and audit.json there'),
  workers: z.int().min(0).default(0).describe('worker threads, each with one scan at a time; 0: one for each core'),
  keepGoing: z
    .boolean()
    .default(false)
    .describe('prepare the other scans where one fails, and name all that failed at the end'),
});

export type PrepareOptions = z.output<typeof prepareOptionsSchema>;

export interface PrepareProgress {
  done: number;
  scans: number;
  uid: string;
  /** Whether it was there already. */
  kept: boolean;
  nodules: number;
  /** What the user should know of this scan's files. */
  notes: string[];
}

/** Who hears of what follows where `exportNnunet` or `audit` is given. */
export interface AfterwardsListeners {
  onWritten?: (done: number, scans: number) => void;
  onProgress?: (progress: AuditProgress) => void;
  onEnd?: (counts: AuditCounts) => void;
}

/**
 * Makes the ground truth of every scan and puts scan and truth into a store. A scan's folder is named after the hash of its files,
 * annotations, rule and options: what is the same is not made again, and what changed never passes for the old.
 *
 * Scans are made in worker threads, one at a time in each; `onProgress` hears of them in the order of the source. A scan that fails
 * ends the whole once the others under way are done, and the error names its series; what is prepared stays, and the next call goes on
 * from there. With `keepGoing` the others are prepared and put into the index first.
 *
 * @throws NoduleTrainError what reading and the rule throw; `prepare-failed` (with `keepGoing`), `store-options`, `store-version`
 */
export async function prepare(
  input: z.input<typeof prepareOptionsSchema>,
  onProgress: (progress: PrepareProgress) => void = () => {},
  afterwards: AfterwardsListeners = {},
): Promise<Dataset> {
  const options = prepareOptionsSchema.parse(input);
  const { data, out } = options;
  const outputs = { out, export: options.export, 'export-nnunet': options.exportNnunet, audit: options.audit };
  for (const [name, folder] of Object.entries(outputs))
    if (folder !== undefined) checkOutputFolder(`preparing ${data}`, `--${name}`, folder);
  const source = await openSource(data, sourceOptionsSchema.parse(options));
  await mkdir(join(out, 'scans'), { recursive: true });
  if (options.export !== undefined) await mkdir(options.export, { recursive: true });
  await readStoreIndex(out);
  const recorded = recordOf(options);
  const release = await claimStore(out, recorded);
  try {
    await sweepAbandoned(join(out, 'scans'));
    await sweepAbandoned(out);
    const { made, failures } = await prepareAll(source, options, onProgress);
    await mergeIntoStore(
      out,
      recorded,
      { id: pathHash(data), missing: source.missing, folds: source.folds },
      source.scans.flatMap(({ uid, patient, subset }, n) => {
        const one = made[n];
        return one === undefined ? [] : [{ uid, patient, subset, key: one.key, sha256: one.sha256 }];
      }),
    );
    if (failures.length > 0) throw failed(data, source, failures);
  } finally {
    await release();
  }
  const store = await openStore(out);
  if (options.exportNnunet !== undefined) await writeNnunet(store, options.exportNnunet, afterwards.onWritten);
  if (options.audit !== undefined) {
    const counts = await auditDataset(store, options.audit, afterwards.onProgress);
    afterwards.onEnd?.(counts);
  }
  return store;
}

/** What the index says that its truth was made with. */
function recordOf(options: PrepareOptions): Store['options'] {
  const { name, version, options: ofRule } = createRule(labelsOf(options));
  const { spacing, backgroundPoints } = options;
  // Through JSON: what is compared with it has been there.
  return JSON.parse(
    JSON.stringify({ rule: { name, version, options: ofRule }, spacing: spacing ?? null, backgroundPoints }),
  );
}

const labelsOf = (options: PrepareOptions): LabelRuleOptions =>
  Object.fromEntries(
    Object.entries(options).filter(([name, value]) => value !== undefined && name in labelRuleSchema.shape),
  );

export const setupOf = (options: PrepareOptions, known: PrepareSetup['known']): PrepareSetup => ({
  out: options.out,
  labels: labelsOf(options),
  spacing: options.spacing ?? null,
  backgroundPoints: options.backgroundPoints,
  exported: options.export ?? null,
  known,
});

/** One job after another, its files listed when its turn comes. */
export async function* jobsOf(source: Source): AsyncGenerator<PrepareJob> {
  for (const { files, ...scan } of source.scans) {
    const listed = await files().catch((error: Error) => ({
      code: error instanceof NoduleTrainError ? error.code : 'read-failed',
      message: error.message,
    }));
    yield { scan, files: listed };
  }
}

/** What was hashed is written down this often, so that a killed run does not hash it again. */
const rememberEveryMs = 5000;

async function prepareAll(source: Source, options: PrepareOptions, onProgress: (progress: PrepareProgress) => void) {
  const { out, workers, keepGoing } = options;
  const scans = source.scans.length;
  const made: (PreparedOne | undefined)[] = [];
  const failures: Error[] = [];
  const ended = new Set<number>();
  let told = 0;
  const tell = (n: number) => {
    ended.add(n);
    for (; ended.has(told); told++) {
      const one = made[told];
      if (one === undefined) continue;
      const { kept, nodules, notes } = one;
      onProgress({ done: told + 1, scans, uid: source.scans[told]!.uid, kept, nodules, notes });
    }
  };
  let learnt = new Map<string, RememberedFile>();
  let remembering = Promise.resolve();
  let rememberedAt = Date.now();
  const remember = () => {
    if (learnt.size === 0) return;
    const batch = learnt;
    learnt = new Map();
    rememberedAt = Date.now();
    remembering = remembering.then(() => rememberHashes(out, batch));
  };
  try {
    await runInWorkers<PrepareJob, PreparedOne>(new URL('./prepareWorker.js', import.meta.url), jobsOf(source), {
      threads: Math.max(1, Math.min(scans, workers || availableParallelism())),
      workerData: setupOf(options, await readHashes(out)),
      onReply: (one, n) => {
        made[n] = one;
        for (const [id, file] of one.learnt) learnt.set(id, file);
        if (Date.now() - rememberedAt > rememberEveryMs) remember();
        tell(n);
      },
      onError: (error, n) => {
        if (!keepGoing) throw error;
        failures.push(error);
        tell(n);
      },
    });
  } finally {
    remember();
    await remembering;
  }
  return { made, failures };
}

const failed = (data: string, { scans }: Source, failures: Error[]) =>
  failures.length === 1
    ? failures[0]!
    : new NoduleTrainError(
        'prepare-failed',
        `preparing ${data}: ${failures.length} of ${scans.length} scans failed, the others are in the store: ${failures.map(({ message }) => message).join('; ')}`,
      );
