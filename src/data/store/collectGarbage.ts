import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbandoned, NoduleTrainError, sweepAbandoned } from '../../runtime/index.js';
import { readStoreIndex, withStoreLock } from './store.js';
import { livingClaims } from './storeClaims.js';

export interface Collected {
  /** Prepared scans, and beginnings of some, that were taken away. */
  removed: number;
  bytes: number;
  /** Other processes that prepare into the store: while there are any, nothing but what killed ones left is taken away. */
  busy: number;
}

/**
 * Takes away the prepared scans that the index of a store does not name. A run that trains with them should have ended.
 * @throws NoduleTrainError `store` where there is no store
 */
export const collectGarbage = (dir: string): Promise<Collected> =>
  withStoreLock(dir, async () => {
    const index = await readStoreIndex(dir);
    if (index === null)
      throw new NoduleTrainError('store', `collecting garbage in ${dir}: there is no ${join(dir, 'store.json')}`);
    const busy = (await livingClaims(dir)).length;
    const used = new Set(index.scans.map(({ key }) => key));
    const collected: Collected = { removed: 0, bytes: 0, busy };
    for (const name of await readdir(join(dir, 'scans'))) {
      const path = join(dir, 'scans', name);
      const unused = name.endsWith('.tmp') ? await isAbandoned(path) : busy === 0 && !used.has(name);
      if (!unused) continue;
      collected.bytes += await bytesIn(path);
      collected.removed++;
      await rm(path, { recursive: true, force: true });
    }
    await sweepAbandoned(dir);
    return collected;
  });

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => [])) bytes += (await stat(join(folder, name))).size;
  return bytes;
}
