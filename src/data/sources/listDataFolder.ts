import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import { caseKey } from './caseNames.js';

/**
 * Lists the names in a data folder; `expected` says in the error what should be there.
 * @throws NoduleTrainError `data-missing`
 */
export async function listDataFolder(dir: string, expected: string): Promise<string[]> {
  return readdir(dir).catch((cause: NodeJS.ErrnoException) => {
    const found =
      cause.code === 'ENOENT'
        ? 'there is no such folder'
        : cause.code === 'ENOTDIR'
          ? 'it is a file'
          : `it cannot be read (${cause.code})`;
    throw new NoduleTrainError(
      'data-missing',
      `opening the data folder ${dir}: ${found}, expected ${expected}. Check the path.`,
      { cause },
    );
  });
}

/** Finds the first of the `wanted` names among `names`, in any case: `Annotations.CSV` is LUNA16's list too. */
export function findName(names: readonly string[], ...wanted: string[]): string | undefined {
  for (const one of wanted) {
    const found = names.includes(one) ? one : names.find((name) => caseKey(name) === caseKey(one));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns the path of the first of the `wanted` names that a folder has, in any case; null without one. */
export async function findPath(dir: string, ...wanted: string[]): Promise<string | null> {
  const name = findName(await readdir(dir).catch(() => []), ...wanted);
  return name === undefined ? null : join(dir, name);
}
