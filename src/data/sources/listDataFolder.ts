import { readdir } from 'node:fs/promises';
import { NoduleTrainError } from '../../runtime/index.js';

/**
 * Lists the names in a data folder; `expected` says in the error what should be there.
 * @throws NoduleTrainError `data-missing`
 */
export async function listDataFolder(dir: string, expected: string): Promise<string[]> {
  return readdir(dir).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'there is no such folder' : `it cannot be read (${cause.code})`;
    throw new NoduleTrainError(
      'data-missing',
      `opening the data folder ${dir}: ${found}, expected ${expected}. Check the path.`,
      { cause },
    );
  });
}
