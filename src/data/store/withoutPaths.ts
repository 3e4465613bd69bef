import { basename, dirname, resolve } from 'node:path';

/**
 * A message that names files by their last names only: the folders on the way to them may be named after a patient. `paths` are the
 * files, and folders of them, that it may speak of.
 */
export function withoutPaths(message: string, paths: readonly string[]): string {
  const longestFirst = (all: Iterable<string>) => [...new Set(all)].sort((a, b) => b.length - a.length);
  const known = longestFirst(paths.flatMap((path) => [path, resolve(path)]));
  const folders = longestFirst(known.map((path) => dirname(path)).filter((folder) => folder.length > 1));
  let text = message;
  for (const path of known) if (!folders.includes(path)) text = text.replaceAll(path, basename(path));
  for (const folder of folders) text = text.replaceAll(folder, '…');
  return text;
}
