import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder, searchPath } from '../environment.js';
import { NoduleTrainError } from '../error.js';
import { fileHash } from '../files/fileHash.js';
import { withLock } from '../files/lock.js';
import { unzipMember, zipMembers } from '../files/unzip.js';
import { runCommand } from '../runCommand.js';
import { inspectLibtorch, installedLibtorch } from './findLibtorch.js';
import { isNeeded, PLATFORMS, SETS } from './wheels.js';

/**
 * @typedef {object} InstallProgress
 * @property {'waiting' | 'downloading' | 'unpacking'} phase
 * @property {number} done bytes
 * @property {number} total bytes, 0 while waiting
 * @property {string} [holder] the process it waits for
 *
 * @typedef {object} InstallOptions
 * @property {import('./wheels.js').LibtorchKind} [kind]
 * @property {string | null} [from] folder with the wheels, so that neither a network nor Python is needed
 * @property {(progress: InstallProgress) => void} [onProgress]
 * @property {import('../environment.js').Environment} [environment]
 * @property {import('./wheels.js').Wheel[]} [wheels] pins in place of the project's (for tests)
 */

const TEMPORARY = '.tmp-libtorch-';
const AGAIN = "Then run 'npx nodule-train libtorch install' again";

/** @param {string} folder @param {number} [neededBytes] unknown if the disk filled up during the installation */
const diskFull = (folder, neededBytes) => {
  const { bavail, bsize } = fs.statfsSync(folder);
  const mb = (/** @type {number} */ bytes) => `${Math.ceil(bytes / 1e6)} MB`;
  const found =
    neededBytes === undefined ? 'the disk is full' : `found ${mb(bavail * bsize)} free, expected ${mb(neededBytes)}`;
  return new NoduleTrainError(
    'disk-full',
    `installing libtorch into ${folder}: ${found}. ` +
      `Free space, or set XDG_CACHE_HOME to a folder on a larger disk. ${AGAIN}.`,
  );
};

/** @param {string} folder @param {number} neededBytes */
const checkRoom = (folder, neededBytes) => {
  const { bavail, bsize } = fs.statfsSync(folder);
  if (bavail * bsize < neededBytes) throw diskFull(folder, neededBytes);
};

/** Finds a python3 with pip. @param {import('../environment.js').Environment} environment */
const downloader = async (environment) => {
  const ways =
    'Install it (Debian: apt-get install python3-pip), or download the wheels elsewhere and run ' +
    "'npx nodule-train libtorch install --from FOLDER', or set LIBTORCH to an existing libtorch.";
  const python = searchPath(environment)
    .map((folder) => path.join(folder, 'python3'))
    .find((file) => fs.existsSync(file));
  if (python === undefined)
    throw new NoduleTrainError(
      'python-missing',
      `installing libtorch: pip downloads its wheels, and there is no python3 on PATH. ${ways} ` +
        'Python is needed for this download only.',
    );
  const { code, output } = await runCommand(python, ['-m', 'pip', '--version'], { env: environment });
  if (code !== 0)
    throw new NoduleTrainError(
      'python-missing',
      `installing libtorch: pip downloads its wheels, and ${python} has no pip ` +
        `(${output.trim().split('\n').at(-1)}). ${ways}`,
    );
  return python;
};

/** @param {string} folder @returns {number} bytes of all files below it */
const bytesBelow = (folder) => {
  let bytes = 0;
  // pip moves files while they are counted.
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      bytes += fs.statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
};

/**
 * Downloads the pinned wheels with pip, which checks their hashes.
 * @param {string} temporary
 * @param {import('./wheels.js').Wheel[]} wheels
 * @param {number} total
 * @param {Required<Pick<InstallOptions, 'environment' | 'onProgress'>>} options
 */
const download = async (temporary, wheels, total, { environment, onProgress }) => {
  const python = await downloader(environment);
  const [into, scratch] = [path.join(temporary, 'wheels'), path.join(temporary, 'pip')];
  const list = path.join(temporary, 'requirements.txt');
  fs.writeFileSync(
    list,
    wheels.map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`).join(''),
  );
  const args = ['-m', 'pip', 'download', '--require-hashes', '--no-deps', '--no-cache-dir', '--only-binary=:all:']
    .concat('--progress-bar=off', '--python-version=3.12', '--implementation=cp', '--abi=cp312', '--abi=none')
    .concat(
      PLATFORMS.map((tag) => `--platform=${tag}`),
      '--dest',
      into,
      '-r',
      list,
    );
  const env = {
    ...environment,
    PIP_REQUIRE_VIRTUALENV: '0',
    PIP_NO_INPUT: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    // pip's temporary copies must be on the disk whose free space was checked.
    TMPDIR: scratch,
  };
  let last = '';
  // A truncated file shows as a wrong hash and is worth a second attempt, like a broken connection.
  for (let attempt = 0; attempt < 2; attempt++) {
    for (const folder of [into, scratch]) {
      fs.rmSync(folder, { recursive: true, force: true });
      fs.mkdirSync(folder);
    }
    const watch = setInterval(() => {
      onProgress({ phase: 'downloading', done: Math.min(total, bytesBelow(scratch)), total });
    }, 250);
    const { code, signal, output } = await runCommand(python, args, { env }).finally(() => clearInterval(watch));
    if (code === 0) return into;
    if (signal !== null)
      throw new NoduleTrainError('interrupted', `installing libtorch: stopped by ${signal}. Nothing was changed.`);
    const lines = output
      .trim()
      .split('\n')
      .map((line) => line.trim());
    last = lines.filter((line) => line.startsWith('ERROR')).at(-1) ?? lines.at(-1) ?? '';
    if (/No space left on device/.test(output)) throw diskFull(temporary);
  }
  const names = wheels.map(({ name, version }) => `${name} ${version}`);
  throw new NoduleTrainError(
    'download-failed',
    `installing libtorch: pip could not download ${names.join(', ')} in two attempts. Its last line: ${last}. ` +
      `Check the network and pip's settings (python3 -m pip config list). ${AGAIN}.`,
  );
};

/**
 * Finds the file of each pinned wheel in a folder.
 * @param {string} folder
 * @param {import('./wheels.js').Wheel[]} wheels
 * @param {boolean} check whether to check the hashes, which pip has done for what it downloaded
 */
const locate = async (folder, wheels, check) => {
  if (!fs.existsSync(folder))
    throw new NoduleTrainError('wheel-missing', `installing libtorch from '${folder}': the folder does not exist.`);
  const names = fs.readdirSync(folder);
  /** @type {string[]} */
  const files = [];
  for (const { name, version, sha256 } of wheels) {
    const start = `${name.replaceAll('-', '_')}-${version}-`;
    const candidates = names
      .filter((each) => each.startsWith(start) && each.endsWith('.whl'))
      .map((each) => path.join(folder, each));
    const hashes = check
      ? await Promise.all(candidates.map(async (file) => (await fileHash(file)).sha256))
      : candidates.map(() => sha256);
    const index = hashes.indexOf(sha256);
    const file = candidates[index];
    if (file === undefined) {
      const [other] = candidates;
      const found = other === undefined ? `no ${start}*.whl` : `${path.basename(other)} with SHA-256 ${hashes[0]}`;
      throw new NoduleTrainError(
        other === undefined ? 'wheel-missing' : 'wheel-broken',
        `installing libtorch from '${folder}': found ${found}, expected the wheel with SHA-256 ${sha256}. ` +
          'Get it with: python3 -m pip download --no-deps --only-binary=:all: --python-version 3.12 ' +
          `--platform manylinux_2_28_x86_64 (and its older tags) ${name}==${version}`,
      );
    }
    files.push(file);
  }
  return files;
};

/**
 * Unpacks the needed members of the wheels into `folder`.
 * @param {string[]} files
 * @param {string} folder
 * @param {import('./wheels.js').LibtorchKind} kind
 * @param {(progress: InstallProgress) => void} onProgress
 */
const unpack = async (files, folder, kind, onProgress) => {
  const jobs = files.flatMap((file) =>
    zipMembers(file)
      .filter(({ name }) => !name.endsWith('/') && isNeeded(kind, name))
      .map((member) => ({ file, member })),
  );
  const total = jobs.reduce((sum, { member }) => sum + member.size, 0);
  fs.mkdirSync(folder, { recursive: true });
  checkRoom(folder, total * 1.02);
  let done = 0;
  let shown = 0;
  for (const { file, member } of jobs)
    await unzipMember(file, member, folder, (bytes) => {
      done += bytes;
      if (done - shown < 4e6 && done !== total) return;
      shown = done;
      onProgress({ phase: 'unpacking', done, total });
    });
};

/**
 * Installs libtorch from pinned wheels into the cache, unless it is there. A kill at any moment leaves the cache
 * without it or with all of it; the next attempt deletes what a killed one left.
 *
 * @param {InstallOptions} [options]
 * @returns {Promise<import('./findLibtorch.js').Libtorch>}
 * @throws {NoduleTrainError} `platform-unsupported`, `disk-full`, `python-missing`, `download-failed`, `wheel-missing`,
 *   `wheel-broken`, `archive-broken`, `interrupted`
 */
export async function installLibtorch({
  kind = 'cpu',
  from = null,
  onProgress = () => {},
  environment = process.env,
  wheels = SETS[kind].wheels,
} = {}) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new NoduleTrainError(
      'platform-unsupported',
      `installing libtorch: found ${process.platform} on ${process.arch}, expected Linux on x86-64 ` +
        '(the pinned wheels are for it). Set LIBTORCH to a libtorch of this platform.',
    );
  const target = installedLibtorch(kind, environment);
  const cache = cacheFolder(environment);
  const installed = () => {
    const found = inspectLibtorch({ source: 'cache', root: path.join(target, 'torch') }, true);
    return typeof found === 'string' ? null : found;
  };
  const make = async () => {
    const before = installed();
    if (before !== null) return before;
    // Only the holder of the lock creates these, so any that exist were left by a dead process.
    for (const name of fs.readdirSync(cache))
      if (name.startsWith(TEMPORARY)) fs.rmSync(path.join(cache, name), { recursive: true, force: true });
    if (from === null) checkRoom(cache, SETS[kind].diskMB * 1e6);
    const temporary = fs.mkdtempSync(path.join(cache, TEMPORARY));
    try {
      const folder =
        from ?? (await download(temporary, wheels, SETS[kind].downloadMB * 1e6, { environment, onProgress }));
      const files = await locate(folder, wheels, from !== null);
      const root = path.join(temporary, 'root');
      await unpack(files, root, kind, onProgress);
      const made = inspectLibtorch({ source: 'cache', root: path.join(root, 'torch') }, true);
      if (typeof made === 'string')
        throw new NoduleTrainError(
          'wheel-broken',
          `installing libtorch: checking the unpacked folder: ${made}. Download the wheels again.`,
        );
      fs.rmSync(target, { recursive: true, force: true });
      fs.renameSync(root, target);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOSPC') throw diskFull(cache);
      throw error;
    } finally {
      fs.rmSync(temporary, { recursive: true, force: true });
    }
    return /** @type {import('./findLibtorch.js').Libtorch} */ (installed());
  };
  const found = installed();
  if (found !== null) return found;
  return withLock(
    path.join(cache, 'libtorch.lock'),
    ({ host, pid }) => onProgress({ phase: 'waiting', done: 0, total: 0, holder: `process ${pid} on ${host}` }),
    make,
  );
}
