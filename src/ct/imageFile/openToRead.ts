import { type FileHandle, open } from 'node:fs/promises';
import { NoduleTrainError } from '../../runtime/index.js';

/** Opens a file, or throws 'scan-missing': `doing` names it, `mend` says what to do where it is not there. */
export const openToRead = async (path: string, doing: string, mend: string): Promise<FileHandle> => {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const found = code === 'ENOENT' ? 'there is no such file' : `it cannot be opened (${code})`;
    throw new NoduleTrainError('scan-missing', `${doing}: ${found}; ${mend}`, { cause });
  }
  throw new NoduleTrainError('scan-missing', `${doing}: it is not a file; ${mend}`);
};
