import fs from 'node:fs';
import path from 'node:path';
import { NoduleTrainError } from '../error.js';
import { temporaryName } from './temporaryName.js';

/** @typedef {string | Uint8Array | readonly Uint8Array[]} Content text is written as UTF-8, arrays in their order */

/**
 * Writes a file so that it holds the old content or the new one at any moment, also after a kill or a power cut: the
 * content goes to a temporary name in the same folder, is flushed to the disk and renamed, and the folder is flushed
 * too. A symbolic link stays and its target is replaced. The permissions of the old file are kept, and its owner where
 * this user may set it; other hard links to the old file keep the old content.
 *
 * @param {string} file its folder must exist
 * @param {Content} content
 * @param {string} [code] error code for failures other than a full disk
 * @returns {Promise<void>}
 * @throws {NoduleTrainError} `disk-full`, and `write-failed` or `code`; what was there before is unchanged
 */
export async function replaceFile(file, content, code) {
  let temporary;
  try {
    const target = replaceTarget(file);
    temporary = temporaryName(target);
    const before = fs.statSync(target, { throwIfNoEntry: false });
    const handle = await fs.promises.open(temporary, 'wx', modeOf(before));
    try {
      if (before !== undefined) keepAccess(handle.fd, before);
      for (const chunk of chunksOf(content)) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.promises.rename(temporary, target);
    syncFolder(path.dirname(target));
  } catch (cause) {
    if (temporary !== undefined) await fs.promises.rm(temporary, { force: true }).catch(() => {});
    throw writeError(file, cause, code);
  }
}

/**
 * Does what {@link replaceFile} does, blocking.
 * @param {string} file
 * @param {Content} content
 * @param {string} [code]
 */
export function replaceFileSync(file, content, code) {
  let temporary;
  try {
    const target = replaceTarget(file);
    temporary = temporaryName(target);
    const before = fs.statSync(target, { throwIfNoEntry: false });
    const handle = fs.openSync(temporary, 'wx', modeOf(before));
    try {
      if (before !== undefined) keepAccess(handle, before);
      for (const chunk of chunksOf(content)) fs.writeFileSync(handle, chunk);
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(temporary, target);
    syncFolder(path.dirname(target));
  } catch (cause) {
    if (temporary !== undefined) fs.rmSync(temporary, { force: true });
    throw writeError(file, cause, code);
  }
}

/**
 * Replaces a file with a value as indented JSON.
 * @param {string} file
 * @param {unknown} value
 * @returns {Promise<void>}
 */
export function replaceJson(file, value) {
  return replaceFile(file, json(value));
}

/** Does what {@link replaceJson} does, blocking. @param {string} file @param {unknown} value */
export function replaceJsonSync(file, value) {
  return replaceFileSync(file, json(value));
}

/**
 * Flushes files to the disk, concurrently. Flushing a folder flushes the names in it; without that, a power cut may
 * undo a rename.
 * @param {readonly string[]} files
 * @returns {Promise<void>}
 */
export async function syncAll(files) {
  await Promise.all(
    files.map(async (file) => {
      const handle = await fs.promises.open(file, 'r');
      await handle.sync().finally(() => handle.close());
    }),
  );
}

/** Errors of folders that cannot be flushed: without permission to list them, or on file systems that do not do it. */
const NOT_FLUSHABLE = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP']);

/**
 * Flushes the names in a folder to the disk, such as that of a file just created in it. A folder that cannot be flushed
 * is skipped: the file is there and whole, only a power cut within the next seconds could undo its name.
 * @param {string} folder
 */
export function syncFolder(folder) {
  try {
    const handle = fs.openSync(folder, 'r');
    try {
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
  } catch (error) {
    if (!NOT_FLUSHABLE.has(/** @type {NodeJS.ErrnoException} */ (error).code ?? '')) throw error;
  }
}

/** @param {unknown} value */
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** @param {Content} content @returns {readonly (string | Uint8Array)[]} */
const chunksOf = (content) => (typeof content === 'string' || content instanceof Uint8Array ? [content] : content);

/**
 * Follows links to the file to replace, and refuses a device or a pipe, which renaming would delete.
 * @param {string} file
 */
export function replaceTarget(file) {
  const found = fs.lstatSync(file, { throwIfNoEntry: false });
  const target = found?.isSymbolicLink() ? linkTarget(file) : file;
  const there = target === file ? found : fs.statSync(target, { throwIfNoEntry: false });
  if (there === undefined || there.isFile()) return target;
  throw new Error(`it is ${there.isDirectory() ? 'a folder' : 'a device, pipe or socket'}, not a regular file`);
}

/** Most links in a chain, as in Linux. */
const MOST_LINKS = 40;

/** Links may point to links, and to a file that is not there yet. @param {string} file */
const linkTarget = (file) => {
  let target = file;
  for (let n = 0; n < MOST_LINKS; n++) {
    if (!fs.lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target;
    // The folder may have links too: `..` in a link is relative to the real one.
    target = path.resolve(fs.realpathSync(path.dirname(target)), fs.readlinkSync(target));
  }
  throw new Error('its symbolic links form a loop');
};

/** A file that only some may read stays so while it is written. @param {fs.Stats | undefined} before */
const modeOf = (before) => (before === undefined ? 0o666 : before.mode & 0o777);

/**
 * Gives the new file the permissions of the old one, whatever the umask, and its owner where this user may.
 * @param {number} descriptor
 * @param {fs.Stats} before
 */
const keepAccess = (descriptor, before) => {
  fs.fchmodSync(descriptor, before.mode & 0o777);
  const { uid, gid } = fs.fstatSync(descriptor);
  if (uid === before.uid && gid === before.gid) return;
  try {
    fs.fchownSync(descriptor, before.uid, before.gid);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM') throw error;
  }
};

/**
 * Describes a failure to write a file: `disk-full`, else `code`.
 * @param {string} file
 * @param {unknown} cause an error of the operating system
 * @param {string} [code]
 */
export const writeError = (file, cause, code = 'write-failed') => {
  const error = /** @type {NodeJS.ErrnoException} */ (cause);
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    return new NoduleTrainError(
      'disk-full',
      `writing ${file}: the disk is full. What was there before is unchanged. Free space and try again.`,
      { cause },
    );
  const folder = path.dirname(file);
  const missing = fs.existsSync(folder) ? 'its symbolic link leads into a folder that' : `the folder ${folder}`;
  const found = error.code === 'ENOENT' ? `${missing} does not exist` : error.message;
  return new NoduleTrainError(code, `writing ${file}: ${found}. What was there before is unchanged.`, { cause });
};
