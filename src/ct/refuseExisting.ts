import { lstat } from 'node:fs/promises';
import { NoduleTrainError } from '../runtime/index.js';

/**
 * Refuses a path that exists already, so no file is overwritten.
 * @throws NoduleTrainError `convert-exists`
 */
export async function refuseExisting(doing: string, path: string): Promise<void> {
  const there = await lstat(path).catch(() => null);
  if (there === null) return;
  throw new NoduleTrainError(
    'convert-exists',
    `${doing}: ${path} already exists, and nothing is overwritten. Give another name, or remove it first.`,
  );
}
