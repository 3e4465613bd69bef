import { isAbsolute, normalize, sep } from 'node:path';

/** Control characters, which would break the line of an error, and names longer than any file system allows. */
const odd = /\p{Cc}|^.{1025}/u;

/**
 * The relative path of a data file that a header names; null where it is not a file name or leads out of the header's
 * folder.
 */
export const siblingFile = (name: string): string | null => {
  const relative = normalize(name);
  // An untrusted header must not make us read any file it likes.
  const leaves = isAbsolute(relative) || relative === '..' || relative.startsWith(`..${sep}`) || odd.test(name);
  return leaves ? null : relative;
};
