import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbandoned, sweepAbandoned } from '../../runtime/index.js';
import { requireStoreIndex, withStoreLock } from './store.js';
import { activeClaims } from './storeClaims.js';

/** What garbage collection deleted. */
export interface Collected {
  /** Number of deleted scans, prepared or unfinished. */
  removed: number;
  bytes: number;
  /** Number of processes preparing into the store; while there are any, only what dead processes left is deleted. */
  busy: number;
}

/**
 * Deletes the prepared scans that a store's index does not name. No run should be training on them.
 * @throws NoduleTrainError `store` if there is no store, `store-version`
 */
export function collectGarbage(dir: string): Promise<Collected> {
  return withStoreLock(dir, async () => {
    const index = await requireStoreIndex(dir, 'collecting garbage in');
    const busy = (await activeClaims(dir)).length;
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
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => [])) bytes += (await stat(join(folder, name))).size;
  return bytes;
}
