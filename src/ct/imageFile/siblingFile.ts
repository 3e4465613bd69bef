import { isAbsolute, normalize, sep } from 'node:path';

/** Letters of control, which would spoil an error's line; and longer than any file system allows. */
const odd = /\p{Cc}|^.{1025}/u;

/** The relative path of a data file that a header names; null where it is no file's name or leads out of the header's own folder. */
export const siblingFile = (name: string): string | null => {
  const relative = normalize(name);
  // A header from elsewhere must not make us read a file of its choice.
  const leaves = isAbsolute(relative) || relative === '..' || relative.startsWith(`..${sep}`) || odd.test(name);
  return leaves ? null : relative;
};
