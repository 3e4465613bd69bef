import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { NoduleTrainError } from '../runtime/error.js';

/** Writes a file whole or not at all: under a temporary name first, forced to the disk, then renamed. Throws 'scan-write'. */
export const replaceFile = async (path: string, content: Uint8Array): Promise<void> => {
  const temporary = `${path}.tmp-${randomUUID()}`;
  try {
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    const { code, message } = cause as NodeJS.ErrnoException;
    const found = code === 'ENOENT' ? 'its folder does not exist' : code === 'ENOSPC' ? 'the disk is full' : message;
    throw new NoduleTrainError(
      'scan-write',
      `writing ${path}: ${found}; wanted is a folder with room that can be written to`,
      { cause },
    );
  }
};
