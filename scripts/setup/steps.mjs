// What the scripts share: printing and hashing files.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// Not import.meta.dirname: a Node that is too old must get as far as being told so.
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Everything goes to stderr: stdout belongs to results. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Files below a folder, sorted, as paths relative to the checkout. */
export const filesBelow = (folder, fits = () => true) => {
  const full = path.join(root, folder);
  if (!fs.existsSync(full)) return [];
  return fs
    .readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && fits(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
};

/** One hash over names and contents of files and further words. */
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
