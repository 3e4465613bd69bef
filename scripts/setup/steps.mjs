// Shared by the scripts: the checkout's root, printing, and hashing files.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// Not import.meta.dirname: a Node that is too old must get as far as the message about its version.
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Prints a line to stderr; stdout is for results. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Sorted paths, relative to `base`, of the files below one of its folders. */
export const filesBelow = (folder, fits = () => true, base = root) => {
  const full = path.join(base, folder);
  if (!fs.existsSync(full)) return [];
  return fs
    .readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && fits(entry.name))
    .map((entry) => path.relative(base, path.join(entry.parentPath, entry.name)))
    .sort();
};

/** SHA-256 over the names and contents of files and over additional strings. */
export const contentHash = (files, words = []) => {
  const hash = createHash('sha256');
  for (const word of words) hash.update(`${word.length}:${word}\n`);
  for (const file of files) {
    const bytes = fs.readFileSync(path.join(root, file));
    hash.update(`${file}:${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
};

export const readText = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null);
