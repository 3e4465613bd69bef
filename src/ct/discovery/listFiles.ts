import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';

/** Files of a folder, and for each subfolder that cannot be listed the code of the error, such as EACCES. */
export interface ListedFiles {
  readonly files: readonly string[];
  readonly closed: readonly string[];
}

/** Whether a file or folder is left behind by the system and is never data: `.DS_Store`, `._IM1`, `__MACOSX`. */
export const isSystemEntry = (name: string): boolean =>
  name.startsWith('.') || /^(__MACOSX|Thumbs\.db|desktop\.ini|\$RECYCLE\.BIN|System Volume Information)$/i.test(name);

/**
 * Lists the files of a folder and its subfolders, sorted, without hidden ones and those of the system. Links to files
 * and to folders are followed; each folder is listed once, so that a cycle of links ends. Subfolders that cannot be
 * listed are not named, as folders may be named after the patient. Errors begin with `doing`, as in "finding scans in".
 * @throws NoduleTrainError `scan-missing` if the folder itself cannot be listed
 */
export async function listFiles(dir: string, doing: string): Promise<ListedFiles> {
  const files: string[] = [];
  const closed: string[] = [];
  const listed = new Set<string>();
  const links: string[] = [];
  const refuse = (cause: NodeJS.ErrnoException): never => {
    const what = cause.code === 'ENOENT' ? 'there is no such folder' : `it cannot be listed (${cause.code})`;
    throw new NoduleTrainError('scan-missing', `${doing} ${dir}: ${what}. Check the path and its permissions.`, {
      cause,
    });
  };
  const visit = async (folder: string, real: string): Promise<void> => {
    if (listed.has(real)) return;
    listed.add(real);
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
      if (folder === dir) return refuse(cause);
      closed.push(cause.code ?? 'unknown');
      return [];
    });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (isSystemEntry(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await visit(path, join(real, entry.name));
      else if (entry.isFile()) files.push(path);
      else if (entry.isSymbolicLink()) {
        const target = await stat(path).catch(() => null);
        if (target?.isFile()) files.push(path);
        else if (target?.isDirectory()) links.push(path);
      }
    }
  };
  await visit(dir, await realpath(dir).catch(refuse));
  // Folders come before links to them, so that their files have the paths without a link.
  for (let link = links.shift(); link !== undefined; link = links.shift()) await visit(link, await realpath(link));
  return { files: files.sort(), closed };
}
