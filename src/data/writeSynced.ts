import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporaryName } from './temporary.js';

/** Writes a small file and forces it to the disk. */
export async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Forces files to the disk, side by side; of a folder the names in it: without it a power cut may undo a rename. */
export const syncAll = async (paths: readonly string[]): Promise<void> => {
  await Promise.all(paths.map(syncOne));
};

async function syncOne(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts a file in the place of another, at one moment: whoever reads sees the old or the new. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeSynced(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncAll([dirname(path)]);
}
