import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { NoduleTrainError } from '../runtime/error.js';
import { type Dataset, unknownSeries } from './dataset.js';
import { subsetFolds } from './luna16Source.js';
import { readPreparedScan, writeSynced } from './preparedScan.js';

/** Index of a prepared store; its scans lie in `scans/KEY`. */
export const storeSchema = z.strictObject({
  format: z.literal('nodule-train-store'),
  version: z.literal(1),
  /** Version of the rule and its options, which are part of each key. */
  ruleVersion: z.int(),
  options: z.unknown(),
  missing: z.int(),
  scans: z.array(
    z.strictObject({
      uid: z.string().min(1),
      patient: z.string().nullable(),
      subset: z.string(),
      key: z.string().regex(/^[0-9a-f]{32}$/),
    }),
  ),
});

export type Store = z.output<typeof storeSchema>;

const indexName = 'store.json';

export const isStore = (dir: string): boolean => existsSync(join(dir, indexName));

export const scanFolder = (dir: string, key: string): string => join(dir, 'scans', key);

/** @throws NoduleTrainError `store` where the index is damaged */
export async function openStore(dir: string): Promise<Dataset> {
  const path = join(dir, indexName);
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new NoduleTrainError('store', `opening the prepared store ${path}: ${(cause as Error).message}`, { cause });
  }
  const parsed = storeSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new NoduleTrainError(
      'store',
      `opening the prepared store ${path}: ${issue.path.join('.') || 'the file'}: ${issue.message}; prepare the data again`,
    );
  }
  const { scans, missing } = parsed.data;
  const keys = new Map(scans.map(({ uid, key }) => [uid, key]));
  return {
    kind: 'store',
    dir,
    scans: scans.map(({ uid, patient, subset }) => ({ uid, patient, subset })),
    missing,
    folds: subsetFolds(scans),
    notes: [],
    key: (uid) => keys.get(uid) ?? null,
    async load(uid) {
      const key = keys.get(uid);
      if (key === undefined) throw unknownSeries(dir, uid);
      return readPreparedScan(scanFolder(dir, key));
    },
  };
}

export async function writeStoreIndex(dir: string, store: Store): Promise<void> {
  const temporary = join(dir, `${indexName}.${process.pid}.${randomUUID()}.tmp`);
  await writeSynced(temporary, `${JSON.stringify(store, null, 1)}\n`);
  await rename(temporary, join(dir, indexName));
}
