import { lstat } from 'node:fs/promises';
import { NoduleTrainError } from '../runtime/index.js';

/**
 * Refuses a path that exists already, so no file is overwritten.
 * @throws NoduleTrainError `convert-exists`
 */
export const refuseExisting = async (path: string): Promise<void> => {
  const there = await lstat(path).catch(() => null);
  if (there === null) return;
  throw new NoduleTrainError(
    'convert-exists',
    `converting to ${path}: it already exists, and nothing is overwritten. Give another name, or remove it first.`,
  );
};
