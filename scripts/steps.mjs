// What the scripts share: printing, running a child process, hashing files.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');

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

/**
 * Runs a command; its output is kept and given to `onLine` line by line.
 * Resolves with the exit code (a signal counts as 1) and all output.
 */
export const runCommand = (command, args, { onLine = () => {}, env = process.env, cwd = root } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = (signal) => child.kill(signal);
    process.once('SIGINT', end).once('SIGTERM', end);
    let output = '';
    let line = '';
    const take = (chunk) => {
      output += chunk;
      const lines = (line + chunk).split(/\r?\n/);
      line = lines.pop();
      for (const each of lines) onLine(each);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', end).off('SIGTERM', end);
      if (line !== '') onLine(line);
      resolve({ code: code ?? 1, signal, output });
    });
  });
