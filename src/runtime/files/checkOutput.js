import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NoduleTrainError } from '../error.js';
import { replaceFileSync, replaceTarget } from './replaceFile.js';

/** Limits of Linux's file systems, in bytes. */
const NAME_BYTES = 255;
const PATH_BYTES = 4095;

/** Magic numbers of procfs and sysfs (statfs(2)), in which Node's recursive mkdir of a new folder never returns. */
const KERNEL_FILE_SYSTEMS = new Set([0x9fa0, 0x62656572]);

/**
 * Checks that a folder can be created and written to, before any work is done for it. Creates nothing.
 * @param {string} doing such as `preparing scans`
 * @param {string} option the option that names it, such as `--out`
 * @param {string} folder
 * @throws {NoduleTrainError} `output-path`
 */
export function checkOutputFolder(doing, option, folder) {
  const found = faultOfFolder(path.resolve(folder));
  if (found !== null) refuse(doing, option, folder, found, 'a folder that can be created and written to');
}

/**
 * Checks that a file can be written, before any work is done for it. Its folder must exist. Creates nothing.
 * @param {string} doing
 * @param {string} option
 * @param {string} file
 * @throws {NoduleTrainError} `output-path`
 */
export function checkOutputFile(doing, option, file) {
  const found = faultOfFile(path.resolve(file));
  if (found !== null) refuse(doing, option, file, found, 'a file that can be written');
}

/**
 * Writes a result that took long to compute. If that fails, the result is saved in the system's folder for temporary
 * files, and the error names that file.
 * @param {string} file
 * @param {string | Uint8Array} content
 * @throws {NoduleTrainError} `write-failed`, `disk-full`
 */
export function saveResult(file, content) {
  try {
    replaceFileSync(file, content);
  } catch (error) {
    const { code, message } = /** @type {NoduleTrainError} */ (error);
    let spare;
    try {
      spare = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'nodule-train-')), path.basename(file).slice(-60));
      fs.writeFileSync(spare, content);
    } catch {
      throw error;
    }
    throw new NoduleTrainError(code, `${message} The result was saved to ${spare} instead.`, { cause: error });
  }
}

/**
 * @param {string} doing
 * @param {string} option
 * @param {string} target
 * @param {string} found
 * @param {string} expected
 */
const refuse = (doing, option, target, found, expected) => {
  throw new NoduleTrainError(
    'output-path',
    `${doing}: ${option} is ${target}, but ${found}; expected ${expected}. Give another one.`,
  );
};

/** @param {string} target absolute @returns {string | null} */
const faultOfName = (target) => {
  const long = target.split(path.sep).find((name) => Buffer.byteLength(name) > NAME_BYTES);
  if (long !== undefined)
    return `the name ${long.slice(0, 20)}… has ${Buffer.byteLength(long)} bytes, more than ${NAME_BYTES}`;
  const bytes = Buffer.byteLength(target);
  return bytes > PATH_BYTES ? `this path has ${bytes} bytes, more than ${PATH_BYTES}` : null;
};

/** @param {string} folder absolute @returns {string | null} */
const faultOfFolder = (folder) => {
  const named = faultOfName(folder);
  if (named !== null) return named;
  try {
    const found = fs.statSync(folder, { throwIfNoEntry: false });
    if (found === undefined) {
      // A link to nothing: mkdir refuses it.
      if (fs.lstatSync(folder, { throwIfNoEntry: false }) !== undefined) return `${folder} is a link to nothing`;
      return faultOfFolder(path.dirname(folder));
    }
    if (!found.isDirectory()) return `${folder} is a file, not a folder`;
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return KERNEL_FILE_SYSTEMS.has(fs.statfsSync(folder).type)
      ? `${folder} shows the state of the kernel and takes no files`
      : null;
  } catch (error) {
    return faultOfAccess(folder, error);
  }
};

/** @param {string} file absolute @returns {string | null} */
const faultOfFile = (file) => {
  const named = faultOfName(file);
  if (named !== null) return named;
  try {
    const folder = path.dirname(replaceTarget(file));
    if (!fs.existsSync(folder)) return `the folder ${folder} does not exist`;
    return faultOfFolder(folder);
  } catch (error) {
    return faultOfAccess(file, error);
  }
};

/** @param {string} target @param {unknown} cause */
const faultOfAccess = (target, cause) => {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (cause);
  if (code === 'EACCES' || code === 'EPERM') return `there is no permission to write to ${target}`;
  if (code === 'EROFS') return `${target} is on a read-only file system`;
  if (code === 'ENOTDIR') return `a part of ${target} is a file, not a folder`;
  return code === undefined ? message : `${target} cannot be used (${code})`;
};
