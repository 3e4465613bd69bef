// Compiles src/ into dist/ and removes compiled files whose source is gone: they would still be imported and packed.
import fs from 'node:fs';
import path from 'node:path';
import { runCommand } from '../../src/runtime/runCommand.js';
import { filesBelow, root } from './steps.mjs';

const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** Sorted paths of the compiled files in `dist/` of a project, relative to it. */
export const compiledFiles = (project = root) =>
  filesBelow('dist', (name) => /\.(js|js\.map|d\.ts)$/.test(name), project);

const removeEmptyFolders = (folder) => {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeEmptyFolders(path.join(folder, entry.name));
  if (fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
};

/**
 * Compiles the project in a folder, whose `tsconfig.json` has `dist` as its `outDir`. What the compiler lists as
 * emitted stays, every other compiled file in `dist/` is removed. After an error nothing is removed.
 *
 * @param {string} [project]
 * @returns {Promise<{fault: string} | {fault: null, removed: string[]}>} the compiler's messages, or what was removed
 */
export const compileTypeScript = async (project = root) => {
  const { code, signal, output } = await runCommand(process.execPath, [tsc, '--listEmittedFiles'], { cwd: project });
  const lines = output.split(/\r?\n/);
  if (code !== 0) {
    const messages = lines.filter((line) => !line.startsWith('TSFILE: ')).join('\n');
    return { fault: `${messages.trimEnd()}\ntsc ended with ${signal ?? `exit code ${code}`}` };
  }
  const emitted = new Set(
    lines.filter((line) => line.startsWith('TSFILE: ')).map((line) => path.resolve(project, line.slice(8).trim())),
  );
  if (emitted.size === 0) return { fault: 'tsc listed no emitted files' };
  const removed = compiledFiles(project).filter((file) => !emitted.has(path.resolve(project, file)));
  for (const file of removed) fs.rmSync(path.join(project, file));
  if (removed.length > 0) removeEmptyFolders(path.join(project, 'dist'));
  return { fault: null, removed };
};
