import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { NoduleTrainError, replaceFile, syncAll, withLock } from '../../runtime/index.js';
import { type Dataset, unknownSeries } from '../dataset.js';
import { subsetFolds } from '../sources/luna16Source.js';
import type { Fold } from '../splits/fold.js';
import { readPreparedScan } from './preparedScan.js';

export const storeVersion = 2;

/** Index of a prepared store; its scans lie in `scans/KEY`. */
export const storeSchema = z.strictObject({
  format: z.literal('nodule-train-store'),
  version: z.literal(storeVersion),
  /** What the truth of every scan was made with: rule, spacing, places without a nodule. */
  options: z.json(),
  /** The folders that were prepared into it, by the hash of their paths. */
  sources: z.array(
    z.strictObject({
      id: z.string(),
      missing: z.int(),
      /** Splits that the source brings along. */
      folds: z.array(z.strictObject({ train: z.array(z.string()), validation: z.array(z.string()) })).readonly(),
    }),
  ),
  scans: z.array(
    z.strictObject({
      uid: z.string().min(1),
      patient: z.string().nullable(),
      subset: z.string(),
      key: z.string().regex(/^[0-9a-f]{32}$/),
      /** Of the scan's scan.json, which has those of the other files. */
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      source: z.string(),
    }),
  ),
});

export type Store = z.output<typeof storeSchema>;
export type StoreScan = Store['scans'][number];

const indexName = 'store.json';

export const isStore = (dir: string): boolean => existsSync(join(dir, indexName));

export const scanFolder = (dir: string, key: string): string => join(dir, 'scans', key);

/**
 * Reads the index of a store; null where there is none.
 * @throws NoduleTrainError `store` where it is damaged, `store-version` where another version of this package wrote it
 */
export async function readStoreIndex(dir: string): Promise<Store | null> {
  const path = join(dir, indexName);
  if (!existsSync(path)) return null;
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new NoduleTrainError('store', `opening the prepared store ${path}: ${(cause as Error).message}`, { cause });
  }
  const version = (raw as { version?: unknown } | null)?.version;
  if (version !== storeVersion)
    throw new NoduleTrainError(
      'store-version',
      `opening the prepared store ${path}: it has version ${JSON.stringify(version)}, this nodule-train reads version ${storeVersion}; ` +
        'prepare the data into a new folder and delete this one',
    );
  const parsed = storeSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new NoduleTrainError(
    'store',
    `opening the prepared store ${path}: ${issue.path.join('.') || 'the file'}: ${issue.message}; prepare the data again`,
  );
}

/** @throws NoduleTrainError `store`, `store-version` */
export async function openStore(dir: string): Promise<Dataset> {
  const index = await readStoreIndex(dir);
  if (index === null)
    throw new NoduleTrainError('store', `opening the prepared store ${dir}: there is no ${join(dir, indexName)}`);
  const keys = new Map(index.scans.map(({ uid, key }) => [uid, key]));
  return {
    kind: 'store',
    dir,
    scans: index.scans.map(({ uid, patient, subset }) => ({ uid, patient, subset })),
    missing: index.sources.reduce((sum, { missing }) => sum + missing, 0),
    // Of several sources each has folds of its own; LUNA16's go by the subset.
    folds: index.sources.length === 1 ? index.sources[0]!.folds : subsetFolds(index.scans),
    notes: [],
    key: (uid) => keys.get(uid) ?? null,
    async load(uid) {
      const key = keys.get(uid);
      if (key === undefined) throw unknownSeries(dir, uid);
      return readPreparedScan(scanFolder(dir, key));
    },
  };
}

/** Runs `work` while no other process changes what the index names. */
export const withStoreLock = <T>(dir: string, work: () => Promise<T>): Promise<T> =>
  withLock(join(dir, 'store.lock'), () => {}, work);

/**
 * Puts the scans of one source into the index. Those of other sources stay where they were made with the same options; what the index
 * had of this source, and other truth, goes.
 */
export const mergeIntoStore = (
  dir: string,
  options: Store['options'],
  source: Omit<Store['sources'][number], 'folds'> & { folds: readonly Fold[] },
  scans: readonly Omit<StoreScan, 'source'>[],
): Promise<void> =>
  withStoreLock(dir, async () => {
    const before = await readStoreIndex(dir);
    const same = before !== null && isDeepStrictEqual(before.options, options) ? before : null;
    const uids = new Set(scans.map(({ uid }) => uid));
    const others = (same?.scans ?? []).filter((scan) => scan.source !== source.id && !uids.has(scan.uid));
    const sources = (same?.sources ?? []).filter(({ id }) => others.some((scan) => scan.source === id));
    const index: Store = {
      format: 'nodule-train-store',
      version: storeVersion,
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
    await replaceFile(join(dir, indexName), `${JSON.stringify(index, null, 1)}\n`);
  });
