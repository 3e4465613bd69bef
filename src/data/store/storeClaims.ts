import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isAbandoned, NoduleTrainError, temporaryName } from '../../runtime/index.js';
import { withStoreLock } from './store.js';

const prefix = 'preparing.';

/** The files by which living processes say that they prepare into a store. The store's lock must be held. */
export async function livingClaims(dir: string): Promise<string[]> {
  const claims: string[] = [];
  for (const name of await readdir(dir)) {
    if (!name.startsWith(prefix) || !name.endsWith('.tmp')) continue;
    if (await isAbandoned(join(dir, name))) await rm(join(dir, name), { force: true });
    else claims.push(join(dir, name));
  }
  return claims;
}

/**
 * Says, until the function that it gives is called, that this process prepares into the store: nothing is collected meanwhile.
 * @throws NoduleTrainError `store-options` where another process prepares it with other options
 */
export const claimStore = (dir: string, options: unknown): Promise<() => Promise<void>> =>
  withStoreLock(dir, async () => {
    for (const claim of await livingClaims(dir)) {
      const text = await readFile(claim, 'utf8').catch(() => null);
      if (text === null || text === '' || isDeepStrictEqual(JSON.parse(text), options)) continue;
      throw new NoduleTrainError(
        'store-options',
        `preparing into ${dir}: another process prepares into it with other options just now; wait for it, or give another folder`,
      );
    }
    const claim = temporaryName(join(dir, prefix));
    await writeFile(claim, JSON.stringify(options), { flush: true });
    return () => rm(claim, { force: true });
  });
