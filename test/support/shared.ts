import { existsSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './paths.js';

const shared = inRoot('..', 'shared');

const existing = (...parts: string[]): string | null => {
  const found = path.join(shared, ...parts);
  return existsSync(found) ? found : null;
};

/** A file or folder of ../shared/data, or null on a machine without it: then skip and say so in the title. */
export const sharedData = (...parts: string[]): string | null => existing('data', ...parts);

/** The same for ../shared/golden. */
export const sharedGolden = (...parts: string[]): string | null => existing('golden', ...parts);
