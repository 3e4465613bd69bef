import { isAbsolute, normalize, sep } from 'node:path';

/** The relative path of a data file that a header names; null where it leads out of the header's own folder. */
export const siblingFile = (name: string): string | null => {
  const relative = normalize(name);
  // A header from elsewhere must not make us read a file of its choice.
  const leaves = isAbsolute(relative) || relative === '..' || relative.startsWith(`..${sep}`) || name.includes('\0');
  return leaves ? null : relative;
};
