import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';

/** Files of a folder, and for each subfolder that cannot be listed the code of the error, such as EACCES. */
export interface ListedFiles {
  readonly files: readonly string[];
  readonly closed: readonly string[];
}

/**
 * Lists the files of a folder and its subfolders, sorted, without hidden ones. Links to files count, links to folders
 * do not, as they may form a cycle. Subfolders that cannot be listed are not named, as folders may be named after the
 * patient.
 * @throws NoduleTrainError `scan-missing` if the folder itself cannot be listed
 */
export async function listFiles(dir: string): Promise<ListedFiles> {
  const files: string[] = [];
  const closed: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
      if (folder === dir)
        throw new NoduleTrainError(
          'scan-missing',
          `finding scans in ${dir}: it cannot be listed (${cause.code}). Check its permissions.`,
          { cause },
        );
      closed.push(cause.code ?? 'unknown');
      return [];
    });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) await visit(path);
      else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) files.push(path);
    }
  };
  await visit(dir);
  return { files, closed };
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
