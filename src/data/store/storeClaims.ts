import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isAbandoned, NoduleTrainError, temporaryName } from '../../runtime/index.js';
import { withStoreLock } from './store.js';

const CLAIM_PREFIX = 'preparing.';

/**
 * Lists the claims of running processes that prepare into the store, and deletes those of dead ones. The caller must
 * hold the store's lock.
 */
export async function activeClaims(dir: string): Promise<string[]> {
  const claims: string[] = [];
  for (const name of await readdir(dir)) {
    if (!name.startsWith(CLAIM_PREFIX) || !name.endsWith('.tmp')) continue;
    if (await isAbandoned(join(dir, name))) await rm(join(dir, name), { force: true });
    else claims.push(join(dir, name));
  }
  return claims;
}

/**
 * Records that this process prepares into the store, so that no garbage is collected until the returned function is
 * called.
 * @throws NoduleTrainError `store-options` if another process is preparing into it with other options
 */
export function claimStore(dir: string, options: unknown): Promise<() => Promise<void>> {
  return withStoreLock(dir, async () => {
    for (const claim of await activeClaims(dir)) {
      const text = await readFile(claim, 'utf8').catch(() => null);
      if (text === null || text === '' || isDeepStrictEqual(JSON.parse(text), options)) continue;
      throw new NoduleTrainError(
        'store-options',
        `preparing into ${dir}: another process is preparing into it with other options. Wait for it, or give ` +
          'another folder.',
      );
    }
    const claim = temporaryName(join(dir, CLAIM_PREFIX));
    await writeFile(claim, JSON.stringify(options), { flush: true });
    return () => rm(claim, { force: true });
  });
}
