import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openToRead } from './openToRead.js';

/** Where a header keeps its values. */
export interface DataFile {
  readonly headerPath: string;
  /** Path relative to the header's folder; null: the values follow the header in the same file. */
  readonly name: string | null;
  /** What the format calls the file, such as "ElementDataFile", for errors. */
  readonly field: string;
}

/**
 * Calls `read` with the file that holds the values of a header: the header's own `file`, or the data file beside it,
 * which is opened and closed here.
 * @throws NoduleTrainError `scan-missing` if there is no data file; and what `read` throws
 */
export const readDataFile = async <Result>(
  file: FileHandle,
  { headerPath, name, field }: DataFile,
  read: (file: FileHandle, path: string) => Promise<Result>,
): Promise<Result> => {
  if (name === null) return read(file, headerPath);
  const path = join(dirname(headerPath), name);
  const data = await openToRead(path, `reading ${path}, the ${field} of ${headerPath}`, 'Put it beside the header');
  try {
    return await read(data, path);
  } finally {
    await data.close();
  }
};
