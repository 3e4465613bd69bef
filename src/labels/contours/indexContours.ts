import { type FileHandle, open, readFile } from 'node:fs/promises';
import { listFiles } from '../../ct/index.js';
import { decodeText, NoduleTrainError } from '../../runtime/index.js';

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
  const listed = await listFiles(dir, "looking for readers' outlines in").catch((cause: Error) => {
    throw new NoduleTrainError('contours-missing', cause.message, { cause });
  });
  const files = listed.files.filter((path) => /\.xml$/i.test(path));
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
    const head = decodeText(buffer.subarray(0, bytesRead)).text;
    if (!/<(?:\w+:)?LidcReadMessage[\s>]/.test(head)) return null;
    return /<(?:\w+:)?SeriesInstanceUid>\s*([0-9.]+)\s*</i.exec(head)?.[1] ?? null;
  } finally {
    await file?.close();
  }
};
