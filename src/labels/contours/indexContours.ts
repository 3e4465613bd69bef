import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';

/** Bytes to read for the series UID, which is in the header before the readings. */
const HEAD_BYTES = 16_384;

/**
 * Finds LIDC's XML files in a tree of folders and maps the UID of each file's series to its path. Ignores other XML
 * files.
 * @throws NoduleTrainError `contours-missing` without the folder, or without any such file in it unless `mayBeEmpty`;
 * `contours-twice` for two different files of one series
 */
export async function indexContours(
  dir: string,
  { mayBeEmpty = false }: { mayBeEmpty?: boolean } = {},
): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'no such folder' : `cannot be read (${cause.code})`;
    throw new NoduleTrainError(
      'contours-missing',
      `looking for readers' outlines in ${dir}: ${found}. Give the folder of LIDC's XML files.`,
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
        `looking for readers' outlines in ${dir}: ${other} and ${file} are both of series ${uid} but differ. ` +
          'Remove one of them.',
      );
    }
  }
  if (index.size === 0 && !mayBeEmpty) {
    throw new NoduleTrainError(
      'contours-missing',
      `looking for readers' outlines in ${dir}: none of its ${files.length} XML files is a LidcReadMessage. ` +
        "Give the folder of LIDC's XML files.",
    );
  }
  return index;
}

const seriesOf = async (path: string): Promise<string | null> => {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(HEAD_BYTES), position: 0 });
    const head = buffer.toString('latin1', 0, bytesRead);
    if (!/<(?:\w+:)?LidcReadMessage[\s>]/.test(head)) return null;
    return /<SeriesInstanceUid>\s*([0-9.]+)\s*</i.exec(head)?.[1] ?? null;
  } finally {
    await file?.close();
  }
};
