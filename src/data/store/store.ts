import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { worldLPS } from '../../ct/index.js';
import { type LabelAccount, LOST_FATES, type LostLabel, POINT_CAUSES, sumLabels } from '../../labels/index.js';
import { NoduleTrainError, replaceFile, syncAll, withLock } from '../../runtime/index.js';
import { type Dataset, unknownSeries } from '../dataset.js';
import { checkJson, parseJson } from '../jsonFile.js';
import { subsetFolds } from '../sources/luna16Source.js';
import type { Fold } from '../splits/fold.js';
import { readPreparedScan } from './preparedScan.js';

/** Version of the format of a store. */
const STORE_VERSION = 3;

const number = z.int().min(0);
const numbers = z.array(number).readonly();
const lostLabels = z
  .array(
    z.strictObject({
      uid: z.string(),
      line: number,
      fate: z.enum(LOST_FATES),
      reason: z.string(),
      point: z
        .tuple([z.number(), z.number(), z.number()])
        .transform((point) => worldLPS(...point))
        .optional(),
      diameterMm: z.number().nullable().optional(),
      causes: z
        .partialRecord(z.enum(POINT_CAUSES), z.enum(['inside', 'dense']))
        .readonly()
        .optional(),
    }),
  )
  .readonly();

/** Index of a prepared store, whose scans are in `scans/KEY`. */
export const storeSchema = z.strictObject({
  format: z.literal('nodule-train-store'),
  version: z.literal(STORE_VERSION),
  /** What the ground truth of every scan was made with: rule, spacing, places without a nodule. */
  options: z.json(),
  /** Folders that were prepared into it, by the hash of their paths. */
  sources: z.array(
    z.strictObject({
      id: z.string(),
      missing: z.int(),
      /** Meaning of the values of its label images; null if all except 0 are nodule. */
      labelValues: z.strictObject({ nodule: numbers, other: numbers }).nullable(),
      /** Annotations of series that were not on disk. */
      lost: lostLabels,
      /** The source's own folds. */
      folds: z.array(z.strictObject({ train: z.array(z.string()), validation: z.array(z.string()) })).readonly(),
    }),
  ),
  scans: z.array(
    z.strictObject({
      uid: z.string().min(1),
      patient: z.string().nullable(),
      subset: z.string(),
      key: z.string().regex(/^[0-9a-f]{32}$/),
      /** SHA-256 of the scan's scan.json, which contains those of the other files. */
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      source: z.string(),
      /** What became of its annotations and its label image. */
      labels: z.strictObject({
        used: number,
        withoutAgreement: number,
        labelImage: z.enum(['nodules', 'other', 'empty']).nullable(),
        lost: lostLabels,
      }),
    }),
  ),
});

export type Store = z.output<typeof storeSchema>;
export type StoreScan = Store['scans'][number];

const INDEX_FILE = 'store.json';

/** Whether a folder is a prepared store. */
export function isStore(dir: string): boolean {
  return existsSync(join(dir, INDEX_FILE));
}

/** Returns the folder of a prepared scan. */
export function scanFolder(dir: string, key: string): string {
  return join(dir, 'scans', key);
}

/**
 * Reads the index of a store; null if there is none.
 * @throws NoduleTrainError `store` if it is damaged, `store-version` if another version of this package wrote it
 */
export async function readStoreIndex(dir: string): Promise<Store | null> {
  const path = join(dir, INDEX_FILE);
  if (!existsSync(path)) return null;
  const fault = (found: string, cause?: unknown) =>
    new NoduleTrainError('store', `opening the prepared store ${path}: ${found}. Prepare the data again.`, { cause });
  const raw = await parseJson(path, fault);
  const version = (raw as { version?: unknown } | null)?.version;
  if (version !== STORE_VERSION)
    throw new NoduleTrainError(
      'store-version',
      `opening the prepared store ${path}: found version ${JSON.stringify(version)}, expected version ` +
        `${STORE_VERSION}. Prepare the data into a new folder and delete this one.`,
    );
  return checkJson(raw, storeSchema, fault);
}

/**
 * Reads the index of a store that must exist; `doing` begins the error, such as "verifying".
 * @throws NoduleTrainError `store` if there is none or it is damaged, `store-version`
 */
export async function requireStoreIndex(dir: string, doing: string): Promise<Store> {
  const index = await readStoreIndex(dir);
  if (index !== null) return index;
  throw new NoduleTrainError(
    'store',
    `${doing} ${dir}: there is no ${join(dir, INDEX_FILE)}. Give the folder of a prepared store.`,
  );
}

/**
 * Opens a prepared store.
 * @throws NoduleTrainError `store`, `store-version`
 */
export async function openStore(dir: string): Promise<Dataset> {
  const index = await requireStoreIndex(dir, 'opening the prepared store');
  const keys = new Map(index.scans.map(({ uid, key }) => [uid, key]));
  return {
    kind: 'store',
    dir,
    scans: index.scans.map(({ uid, patient, subset }) => ({ uid, patient, subset })),
    missing: index.sources.reduce((sum, { missing }) => sum + missing, 0),
    // Folds of several sources cannot be combined, except LUNA16's, which follow from the subsets.
    folds: index.sources.length === 1 ? index.sources[0]!.folds : subsetFolds(index.scans),
    notes: [],
    key: (uid) => keys.get(uid) ?? null,
    labelValues(uid) {
      const source = index.scans.find((scan) => scan.uid === uid)?.source;
      return index.sources.find(({ id }) => id === source)?.labelValues ?? null;
    },
    labelAccount: (uids) => storeAccount(index, uids),
    async load(uid) {
      const key = keys.get(uid);
      if (key === undefined) throw unknownSeries(dir, uid);
      return readPreparedScan(scanFolder(dir, key));
    },
  };
}

/** Adds up what became of the labels of a store's scans, by default of all. */
export function storeAccount({ scans, sources }: Store, uids?: readonly string[]): LabelAccount {
  const chosen = uids === undefined ? null : new Set(uids);
  const labels = scans.filter(({ uid }) => chosen === null || chosen.has(uid)).map((scan) => scan.labels);
  // One list may belong to several sources, each with a part of its scans.
  const known = new Set(scans.map(({ uid }) => uid));
  const missing = new Map<string, LostLabel>();
  for (const { lost } of sources)
    for (const one of lost) if (!known.has(one.uid)) missing.set([one.uid, one.line, ...(one.point ?? [])].join(), one);
  return sumLabels(labels, [...missing.values()]);
}

/** Runs `work` under the store's lock, so that no other process changes the index. */
export function withStoreLock<T>(dir: string, work: () => Promise<T>): Promise<T> {
  return withLock(join(dir, 'store.lock'), () => {}, work);
}

/**
 * Replaces the scans of one source in the index. Scans of other sources stay if they were made with the same options;
 * otherwise they are dropped.
 */
export function mergeIntoStore(
  dir: string,
  options: Store['options'],
  source: Omit<Store['sources'][number], 'folds'> & { folds: readonly Fold[] },
  scans: readonly Omit<StoreScan, 'source'>[],
): Promise<void> {
  return withStoreLock(dir, async () => {
    const before = await readStoreIndex(dir);
    const same = before !== null && isDeepStrictEqual(before.options, options) ? before : null;
    const uids = new Set(scans.map(({ uid }) => uid));
    const others = (same?.scans ?? []).filter((scan) => scan.source !== source.id && !uids.has(scan.uid));
    const sources = (same?.sources ?? []).filter(({ id }) => others.some((scan) => scan.source === id));
    const index: Store = {
      format: 'nodule-train-store',
      version: STORE_VERSION,
      options,
      sources: [
        ...sources,
        {
          ...source,
          folds: source.folds.map(({ train, validation }) => ({ train: [...train], validation: [...validation] })),
        },
      ],
      scans: [...others, ...scans.map((scan) => ({ ...scan, source: source.id }))],
    };
    await syncAll([join(dir, 'scans')]);
    await replaceFile(join(dir, INDEX_FILE), `${JSON.stringify(index, null, 1)}\n`);
  });
}
