import { fileHash } from '../../runtime/index.js';
import { openSource } from '../sources/openSource.js';
import { sourceOptionsSchema } from '../sources/sourceOptions.js';
import { listJobs, type PrepareOptions, prepareSetup } from './prepare.js';
import { findDamage } from './preparedScan.js';
import { computeKey } from './prepareScan.js';
import { requireStoreIndex, scanFolder } from './store.js';

/** A scan that is not as the store or its source should have it. */
export interface StoreFault {
  uid: string;
  /**
   * damaged: its files are not as they were written; changed: the source's files, annotations or rule differ from those
   * it was prepared from; missing: not prepared.
   */
  kind: 'damaged' | 'changed' | 'missing';
  found: string;
}

/**
 * Hashes every file of a store and compares it with what was written. With `options` also hashes every file of the
 * source, without relying on remembered hashes. Returns what is wrong.
 * @throws NoduleTrainError `store` if there is no store, `store-version`, and what `openSource` throws
 */
export async function verifyStore(
  out: string,
  options: PrepareOptions | null,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<StoreFault[]> {
  const index = await requireStoreIndex(out, 'verifying the prepared store');
  const source = options === null ? null : await openSource(options.data, sourceOptionsSchema.parse(options));
  const total = index.scans.length + (source?.scans.length ?? 0);
  const faults: StoreFault[] = [];
  let done = 0;
  for (const { uid, key, sha256 } of index.scans) {
    const found = await findDamage(scanFolder(out, key), sha256, fileHash);
    if (found.length > 0)
      faults.push({ uid, kind: 'damaged', found: `${found.join(', ')} (delete scans/${key} and prepare again)` });
    onProgress(++done, total);
  }
  if (options === null || source === null) return faults;
  const keys = new Map(index.scans.map(({ uid, key }) => [uid, key]));
  const setup = prepareSetup(options, new Map());
  for await (const job of listJobs(source)) {
    const { uid } = job.scan;
    const prepared = keys.get(uid);
    const now = await computeKey(setup, job).catch((error: Error) => error);
    if (prepared === undefined) faults.push({ uid, kind: 'missing', found: 'it is not in the store' });
    else if (now instanceof Error) faults.push({ uid, kind: 'changed', found: 'its files can no longer be read' });
    else if (now.key !== prepared)
      faults.push({
        uid,
        kind: 'changed',
        found: 'its files, annotations or rule changed since it was prepared',
      });
    onProgress(++done, total);
  }
  return faults;
}
