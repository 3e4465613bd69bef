import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type AuditCounts,
  createRule,
  impossibleLoss,
  type LabelRuleOptions,
  labelRuleSchema,
  refuseImpossibleLoss,
  saveLostLabels,
  sumLabels,
} from '../../labels/index.js';
import { checkOutputFolder, NoduleTrainError, runInWorkers, sweepAbandoned } from '../../runtime/index.js';
import { type AuditProgress, auditDataset } from '../auditDataset.js';
import type { Dataset } from '../dataset.js';
import { DEFAULT_BACKGROUND_POINTS } from '../openDataset.js';
import { openSource } from '../sources/openSource.js';
import type { Source } from '../sources/source.js';
import { sourceOptionsSchema } from '../sources/sourceOptions.js';
import { writeNnunet } from '../writeNnunet.js';
import { pathHash, type RememberedFile, readHashes, rememberHashes } from './fileHashes.js';
import type { PreparedOne, PrepareJob, PrepareSetup } from './prepareScan.js';
import { mergeIntoStore, openStore, readStoreIndex, type Store } from './store.js';
import { claimStore } from './storeClaims.js';

const distance = z.number().positive().max(1000);

export const prepareOptionsSchema = z.strictObject({
  data: z.string().min(1).describe('folder of scans'),
  out: z.string().min(1).describe('folder of the prepared store; scans already in it are kept'),
  ...sourceOptionsSchema.shape,
  backgroundPoints: z
    .int()
    .min(0)
    .max(1e5)
    .default(DEFAULT_BACKGROUND_POINTS)
    .describe('number of places without a nodule to find in each scan'),
  spacing: z
    .tuple([distance, distance, distance])
    .optional()
    .describe("voxel spacing in mm, x,y,z, to resample scans and ground truth to; default: each scan's own"),
  ...labelRuleSchema.shape,
  export: z.string().min(1).optional().describe('folder to also write each mask to, as UID_mask.mhd'),
  exportNnunet: z
    .string()
    .min(1)
    .optional()
    .describe('folder to also write the whole store to, as an nnU-Net raw dataset'),
  audit: z
    .string()
    .min(1)
    .optional()
    .describe('folder to write an audit of the ground truth of the whole store to, as audit.html and audit.json'),
  workers: z
    .int()
    .min(0)
    .max(1024)
    .default(0)
    .describe('worker threads, each with one scan in memory; 0: one per core'),
  keepGoing: z
    .boolean()
    .default(false)
    .describe('continue with the other scans if one fails, and list the failures at the end'),
});

export type PrepareOptions = z.output<typeof prepareOptionsSchema>;

/** Progress after each prepared scan. */
export interface PrepareProgress {
  done: number;
  scans: number;
  uid: string;
  /** Whether the store already had it. */
  kept: boolean;
  nodules: number;
  /** What the user should know about this scan's files, one sentence each. */
  notes: string[];
}

/** Listeners for what comes before the first scan, and after the last with `exportNnunet` or `audit`. */
export interface PrepareListeners {
  /** Once the folder is opened, with what the user should know about it, one sentence each. */
  onNotes?: (notes: readonly string[]) => void;
  /** After each scan that `exportNnunet` wrote. */
  onWritten?: (done: number, scans: number) => void;
  /** After each audited scan. */
  onProgress?: (progress: AuditProgress) => void;
  /** After the audit. */
  onEnd?: (counts: AuditCounts) => void;
}

/**
 * Makes the ground truth of every scan and stores both. A scan's folder is named after the hash of its files,
 * annotations, rule and options: an unchanged scan is not made again, and a changed one is never mistaken for the old.
 *
 * Worker threads prepare the scans, each one at a time; `onProgress` reports them in the order of the source. A scan
 * that fails ends the call once the scans in progress are done, and the error names its series. What is prepared stays,
 * and the next call continues from there. With `keepGoing` the other scans are prepared and indexed first.
 *
 * @throws NoduleTrainError `store-options`, `store-version`, `prepare-failed` (several scans failed, with `keepGoing`),
 * and what `openSource`, reading and the rule throw
 */
export async function prepare(
  input: z.input<typeof prepareOptionsSchema>,
  onProgress: (progress: PrepareProgress) => void = () => {},
  listeners: PrepareListeners = {},
): Promise<Dataset> {
  const options = prepareOptionsSchema.parse(input);
  const { data, out } = options;
  const outputs = { out, export: options.export, 'export-nnunet': options.exportNnunet, audit: options.audit };
  for (const [name, folder] of Object.entries(outputs))
    if (folder !== undefined) checkOutputFolder(`preparing ${data}`, `--${name}`, folder);
  const source = await openSource(data, sourceOptionsSchema.parse(options));
  if (source.notes.length > 0) listeners.onNotes?.(source.notes);
  await mkdir(join(out, 'scans'), { recursive: true });
  if (options.export !== undefined) await mkdir(options.export, { recursive: true });
  await readStoreIndex(out);
  const recorded = truthOptions(options);
  const release = await claimStore(out, recorded);
  try {
    await sweepAbandoned(join(out, 'scans'));
    await sweepAbandoned(out);
    const { made, failures } = await prepareAll(source, options, onProgress);
    await refuseLoss(source, made, options);
    await mergeIntoStore(
      out,
      recorded,
      {
        id: pathHash(data),
        missing: source.missing,
        // One dataset.json describes all label images of a source.
        labelValues: source.scans[0]?.truth.maskValues ?? null,
        lost: source.lost,
        folds: source.folds,
      },
      source.scans.flatMap(({ uid, patient, subset }, n) => {
        const one = made[n];
        return one === undefined
          ? []
          : [{ uid, patient, subset, key: one.key, sha256: one.sha256, labels: one.labels }];
      }),
    );
    if (failures.length > 0) throw prepareFailed(data, source, failures);
  } finally {
    await release();
  }
  const store = await openStore(out);
  await saveLostLabels(out, store.labelAccount());
  if (options.exportNnunet !== undefined) await writeNnunet(store, options.exportNnunet, listeners.onWritten);
  if (options.audit !== undefined) {
    const counts = await auditDataset(store, options.audit, listeners.onProgress);
    listeners.onEnd?.(counts);
  }
  return store;
}

/** Ends preparing early; `refuseLoss` then throws the error. */
const TOO_MANY_LOST = new Error('too many labels are lost');

/** Adds up what became of the labels of the scans prepared so far. */
const accountOf = (source: Source, made: readonly (PreparedOne | undefined)[]) =>
  sumLabels(
    made.flatMap((one) => one?.labels ?? []),
    source.lost,
    source.scans.length,
  );

const isLossImpossible = (
  source: Source,
  made: readonly (PreparedOne | undefined)[],
  { allowLostLabels }: PrepareOptions,
): boolean => !allowLostLabels && impossibleLoss(accountOf(source, made)) !== null;

/**
 * Refuses a source of which too many labels are lost, after listing them. What is prepared stays but is not indexed, so
 * a call that allows it is quick.
 */
async function refuseLoss(
  source: Source,
  made: readonly (PreparedOne | undefined)[],
  options: PrepareOptions,
): Promise<void> {
  if (!isLossImpossible(source, made, options)) return;
  const account = accountOf(source, made);
  refuseImpossibleLoss(`preparing ${options.data}`, account, await saveLostLabels(options.out, account));
}

/** The options of the ground truth, as the index records them. */
function truthOptions(options: PrepareOptions): Store['options'] {
  const { name, version, options: ruleOptions } = createRule(pickLabelOptions(options));
  const { spacing, backgroundPoints } = options;
  // Through JSON, like the record that it is compared with.
  return JSON.parse(
    JSON.stringify({ rule: { name, version, options: ruleOptions }, spacing: spacing ?? null, backgroundPoints }),
  );
}

const pickLabelOptions = (options: PrepareOptions): LabelRuleOptions =>
  Object.fromEntries(
    Object.entries(options).filter(([name, value]) => value !== undefined && name in labelRuleSchema.shape),
  );

/** Makes the setup of the workers. */
export function prepareSetup(options: PrepareOptions, known: PrepareSetup['known']): PrepareSetup {
  return {
    out: options.out,
    labels: pickLabelOptions(options),
    spacing: options.spacing ?? null,
    backgroundPoints: options.backgroundPoints,
    exported: options.export ?? null,
    known,
  };
}

/** Yields the jobs of a source one by one, listing the files of each when its turn comes. */
export async function* listJobs(source: Source): AsyncGenerator<PrepareJob> {
  for (const { files, ...scan } of source.scans) {
    const listed = await files().catch((error: Error) => ({
      code: error instanceof NoduleTrainError ? error.code : 'read-failed',
      message: error.message,
    }));
    yield { scan, files: listed };
  }
}

/** Interval for saving new hashes, so that a killed run does not compute them again. */
const REMEMBER_EVERY_MS = 5000;

async function prepareAll(source: Source, options: PrepareOptions, onProgress: (progress: PrepareProgress) => void) {
  const { out, workers, keepGoing } = options;
  const scans = source.scans.length;
  const made: (PreparedOne | undefined)[] = [];
  const failures: Error[] = [];
  const ended = new Set<number>();
  let reported = 0;
  const report = (n: number) => {
    ended.add(n);
    for (; ended.has(reported); reported++) {
      const one = made[reported];
      if (one === undefined) continue;
      const { kept, labels, notes } = one;
      const nodules = labels.used;
      onProgress({ done: reported + 1, scans, uid: source.scans[reported]!.uid, kept, nodules, notes });
    }
  };
  let hashed = new Map<string, RememberedFile>();
  let remembering = Promise.resolve();
  let rememberedAt = Date.now();
  const remember = () => {
    if (hashed.size === 0) return;
    const batch = hashed;
    hashed = new Map();
    rememberedAt = Date.now();
    remembering = remembering.then(() => rememberHashes(out, batch));
  };
  try {
    await runInWorkers<PrepareJob, PreparedOne>(new URL('./prepareWorker.js', import.meta.url), listJobs(source), {
      threads: Math.max(1, Math.min(scans, workers || availableParallelism())),
      workerData: prepareSetup(options, await readHashes(out)),
      onReply: (one, n) => {
        made[n] = one;
        for (const [id, file] of one.hashed) hashed.set(id, file);
        if (Date.now() - rememberedAt > REMEMBER_EVERY_MS) remember();
        report(n);
        // Not after every scan, because each check adds up all of them.
        if (Number.isInteger(Math.log2(ended.size)) && isLossImpossible(source, made, options)) throw TOO_MANY_LOST;
      },
      onError: (error, n) => {
        if (!keepGoing) throw error;
        failures.push(error);
        report(n);
      },
    });
  } catch (error) {
    if (error !== TOO_MANY_LOST) throw error;
  } finally {
    remember();
    await remembering;
  }
  return { made, failures };
}

const prepareFailed = (data: string, { scans }: Source, failures: Error[]) =>
  failures.length === 1
    ? failures[0]!
    : new NoduleTrainError(
        'prepare-failed',
        `preparing ${data}: ${failures.length} of ${scans.length} scans failed (the others are in the store): ` +
          failures.map(({ message }) => message).join('; '),
      );
