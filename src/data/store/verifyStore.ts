import { join } from 'node:path';
import { fileHash, NoduleTrainError } from '../../runtime/index.js';
import { openSource } from '../sources/openSource.js';
import { sourceOptionsSchema } from '../sources/sourceOptions.js';
import { jobsOf, type PrepareOptions, setupOf } from './prepare.js';
import { damageOf } from './preparedScan.js';
import { keyOf } from './prepareScan.js';
import { readStoreIndex, scanFolder } from './store.js';

export interface StoreFault {
  uid: string;
  /** damaged: its files are not as they were written; changed: the source's files, annotations or rule are others now; missing: not prepared. */
  kind: 'damaged' | 'changed' | 'missing';
  found: string;
}

/**
 * Hashes every file of a store again and compares it with what was written; with `options.data` also every file of the source, of which nothing
 * remembered is believed. Gives what is not as it should be.
 * @throws NoduleTrainError `store` where there is no store
 */
export async function verifyStore(
  out: string,
  options: PrepareOptions | null,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<StoreFault[]> {
  const index = await readStoreIndex(out);
  if (index === null)
    throw new NoduleTrainError('store', `verifying the prepared store ${out}: there is no ${join(out, 'store.json')}`);
  const source = options === null ? null : await openSource(options.data, sourceOptionsSchema.parse(options));
  const total = index.scans.length + (source?.scans.length ?? 0);
  const faults: StoreFault[] = [];
  let done = 0;
  for (const { uid, key, sha256 } of index.scans) {
    const found = await damageOf(scanFolder(out, key), sha256, fileHash);
    if (found.length > 0)
      faults.push({ uid, kind: 'damaged', found: `${found.join(', ')} (delete scans/${key} and prepare again)` });
    onProgress(++done, total);
  }
  if (options === null || source === null) return faults;
  const keys = new Map(index.scans.map(({ uid, key }) => [uid, key]));
  const setup = setupOf(options, new Map());
  for await (const job of jobsOf(source)) {
    const { uid } = job.scan;
    const wanted = keys.get(uid);
    const now = await keyOf(setup, job).catch((error: Error) => error);
    if (wanted === undefined) faults.push({ uid, kind: 'missing', found: 'it is not in the store' });
    else if (now instanceof Error) faults.push({ uid, kind: 'changed', found: 'its files cannot be read any more' });
    else if (now.key !== wanted)
      faults.push({
        uid,
        kind: 'changed',
        found: 'its files, annotations or rule are not those that it was prepared from',
      });
    onProgress(++done, total);
  }
  return faults;
}
