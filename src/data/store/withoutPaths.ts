import { basename, dirname, resolve } from 'node:path';

/**
 * Shortens the paths in a message to file names, because folders may be named after a patient. `paths` are the files
 * and folders that the message may contain.
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
