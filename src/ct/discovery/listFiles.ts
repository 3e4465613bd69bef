import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';

/** Files of a folder, and for each subfolder that cannot be listed the code of the error, such as EACCES. */
export interface ListedFiles {
  readonly files: readonly string[];
  readonly closed: readonly string[];
}

/**
 * Lists the files of a folder and its subfolders, sorted, without hidden ones. Links to files and folders are followed,
 * each folder once, so that a cycle of links ends. Subfolders that cannot be listed are not named, as folders may be
 * named after the patient. Errors begin with `doing`, such as "finding scans in".
 * @throws NoduleTrainError `scan-missing` if the folder itself cannot be listed
 */
export async function listFiles(dir: string, doing: string): Promise<ListedFiles> {
  const files: string[] = [];
  const closed: string[] = [];
  const visited = new Set<string>();
  const visit = async (folder: string): Promise<void> => {
    const found = await stat(folder, { bigint: true }).catch(() => null);
    if (found !== null) {
      const key = `${found.dev} ${found.ino}`;
      if (visited.has(key)) return;
      visited.add(key);
    }
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
      if (folder === dir) {
        const what = cause.code === 'ENOENT' ? 'there is no such folder' : `it cannot be listed (${cause.code})`;
        throw new NoduleTrainError('scan-missing', `${doing} ${dir}: ${what}. Check the path and its permissions.`, {
          cause,
        });
      }
      closed.push(cause.code ?? 'unknown');
      return [];
    });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.name.startsWith('.')) continue;
      const target = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry;
      if (target?.isDirectory()) await visit(path);
      else if (target?.isFile()) files.push(path);
    }
  };
  await visit(dir);
  return { files, closed };
}
