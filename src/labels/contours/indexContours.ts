import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';

/** The series' UID stands in the header of the file, whose readings follow. */
const headBytes = 16_384;

/**
 * LIDC's XML files in a tree of folders, by the UID of the series that they are of. Other XML files are passed over; nothing
 * else of a file is kept. Throws 'contours-missing' (no folder; no such file in it, unless it `mayBeEmpty`) and 'contours-twice' (two files of one
 * series that are not the same).
 */
export const indexContours = async (
  dir: string,
  { mayBeEmpty = false }: { mayBeEmpty?: boolean } = {},
): Promise<ReadonlyMap<string, string>> => {
  const names = await readdir(dir, { recursive: true, withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'there is no such folder' : `it cannot be read (${cause.code})`;
    throw new NoduleTrainError(
      'contours-missing',
      `looking for readers' outlines in ${dir}: ${found}; give the folder of LIDC's XML files`,
      { cause },
    );
  });
  const files = names
    .filter((entry) => entry.isFile() && /\.xml$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const index = new Map<string, string>();
  for (const file of files) {
    const uid = await seriesOf(file);
    if (uid === null) continue;
    const other = index.get(uid);
    if (other === undefined) index.set(uid, file);
    else if (!(await readFile(other)).equals(await readFile(file))) {
      throw new NoduleTrainError(
        'contours-twice',
        `looking for readers' outlines in ${dir}: ${other} and ${file} are both of series ${uid} and differ; take one away`,
      );
    }
  }
  if (index.size === 0 && !mayBeEmpty) {
    throw new NoduleTrainError(
      'contours-missing',
      `looking for readers' outlines in ${dir}: none of its ${files.length} XML files is a LidcReadMessage; give the folder of LIDC's XML files`,
    );
  }
  return index;
};

const seriesOf = async (path: string): Promise<string | null> => {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(headBytes), position: 0 });
    const head = buffer.toString('latin1', 0, bytesRead);
    if (!/<(?:\w+:)?LidcReadMessage[\s>]/.test(head)) return null;
    return /<SeriesInstanceUid>\s*([0-9.]+)\s*</i.exec(head)?.[1] ?? null;
  } finally {
    await file?.close();
  }
};
