import { type FileHandle, open } from 'node:fs/promises';
import { NoduleTrainError } from '../../runtime/index.js';

/**
 * Opens a file for reading. `doing` begins the error and names the file; `advice` ends it, a sentence without a full
 * stop.
 * @throws NoduleTrainError `scan-missing` if it does not exist, cannot be opened, or is not a file
 */
export const openToRead = async (path: string, doing: string, advice: string): Promise<FileHandle> => {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const found = code === 'ENOENT' ? 'there is no such file' : `it cannot be opened (${code})`;
    throw new NoduleTrainError('scan-missing', `${doing}: ${found}. ${advice}.`, { cause });
  }
  throw new NoduleTrainError('scan-missing', `${doing}: it is not a file. ${advice}.`);
};
