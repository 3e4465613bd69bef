import { lstat } from 'node:fs/promises';
import { NoduleTrainError } from '../runtime/index.js';

/** Throws 'convert-exists' where something has that name, so that no input is written over. */
export const refuseExisting = async (path: string): Promise<void> => {
  const there = await lstat(path).catch(() => null);
  if (there === null) return;
  throw new NoduleTrainError(
    'convert-exists',
    `converting to ${path}: it is there already, and nothing is written over; give another name, or remove it first`,
  );
};
