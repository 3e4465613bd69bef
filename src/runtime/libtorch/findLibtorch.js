import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { cacheFolder, libtorchVariable, pythonPrefixes, searchPath } from '../environment.js';
import { LIBTORCH_CUDA, LIBTORCH_PACKAGE, LIBTORCH_VERSION } from '../versions.js';
import { loadError } from './loadError.js';

/**
 * @typedef {'LIBTORCH' | 'package' | 'python' | 'cache'} LibtorchSource
 *
 * @typedef {object} Libtorch
 * @property {string} root folder with `lib/` and, if it has headers, `include/`
 * @property {string} lib folder with libtorch_cpu.so
 * @property {string | null} include folder with ATen/, null without headers
 * @property {boolean} cuda whether `lib` has libtorch_cuda.so
 * @property {string} version as the installation states it, e.g. `2.11.0+cu130`
 * @property {LibtorchSource} source
 *
 * @typedef {object} LibtorchPlace
 * @property {LibtorchSource} source
 * @property {string} root
 *
 * @typedef {object} LibtorchOptions
 * @property {import('../environment.js').Environment} [environment]
 * @property {boolean} [headers] only installations with headers (to build the addon)
 * @property {boolean} [preferCuda] one with CUDA wins over an earlier one without, except over LIBTORCH
 */

/** Written last into an environment of Python peers; without it the folder is incomplete. */
export const PEERS_COMPLETE = '.complete';

const INSTALL = 'npx nodule-train libtorch install';

/**
 * Returns the cache folder of one installation.
 * @param {'cpu' | 'cuda'} kind
 * @param {import('../environment.js').Environment} [environment]
 */
export function installedLibtorch(kind, environment) {
  return path.join(cacheFolder(environment), `libtorch-${LIBTORCH_VERSION}-${kind === 'cuda' ? LIBTORCH_CUDA : 'cpu'}`);
}

/**
 * Reads the version an installation states: torch/version.py of a wheel, build-version of a zip.
 * @param {string} root
 * @returns {string | null}
 */
export function statedVersion(root) {
  const read = (/** @type {string} */ name) => {
    try {
      return fs.readFileSync(path.join(root, name), 'utf8');
    } catch {
      return null;
    }
  };
  const wheel = read('version.py')?.match(/^__version__\s*=\s*['"]([^'"]+)['"]/m)?.[1];
  return wheel ?? read('build-version')?.trim() ?? null;
}

/** @param {string} folder @returns {string[]} */
const entries = (folder) => {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
};

/**
 * Finds the folders of `torch` in a Python prefix by looking at files, without running Python.
 * @param {string} prefix
 */
const torchInPrefix = (prefix) => {
  const folders = ['lib', 'lib64'].flatMap((lib) =>
    entries(path.join(prefix, lib))
      .filter((name) => /^python3(\.\d+)?$/.test(name))
      .sort()
      .flatMap((name) => ['site-packages', 'dist-packages'].map((p) => path.join(prefix, lib, name, p, 'torch')))
      .filter((folder) => fs.existsSync(folder)),
  );
  // lib64 is a link to lib in most environments.
  const real = folders.map((folder) => fs.realpathSync(folder));
  return folders.filter((_, index) => real.indexOf(real[index] ?? '') === index);
};

/**
 * Returns the prefixes of the first python3 on PATH: of its path (a virtual environment) and of its link's target.
 * @param {import('../environment.js').Environment} [environment]
 */
const prefixesOnPath = (environment) => {
  for (const folder of searchPath(environment)) {
    const python = path.join(folder, 'python3');
    if (!fs.existsSync(python)) continue;
    const prefixes = [path.dirname(folder), path.dirname(path.dirname(fs.realpathSync(python)))];
    return [...new Set(prefixes)];
  }
  return [];
};

/** @returns {string[]} */
const packageRoots = () => {
  try {
    return [path.dirname(createRequire(import.meta.url).resolve(`${LIBTORCH_PACKAGE}/package.json`))];
  } catch {
    return [];
  }
};

/**
 * Lists the places that are searched for libtorch, in order.
 * @param {import('../environment.js').Environment} [environment]
 * @returns {LibtorchPlace[]}
 */
export function libtorchPlaces(environment = process.env) {
  const variable = libtorchVariable(environment);
  const python = [...pythonPrefixes(environment), ...prefixesOnPath(environment)].flatMap(torchInPrefix);
  const cache = cacheFolder(environment);
  const peers = entries(cache)
    .filter((name) => /^python-[0-9a-f]+$/.test(name) && fs.existsSync(path.join(cache, name, PEERS_COMPLETE)))
    .flatMap((name) => torchInPrefix(path.join(cache, name)));
  const installed = [installedLibtorch('cuda', environment), installedLibtorch('cpu', environment)];
  /** @type {[LibtorchSource, string[]][]} */
  const places = [
    ['LIBTORCH', variable === null ? [] : [path.resolve(variable)]],
    ['package', packageRoots().map((root) => path.join(root, 'torch'))],
    ['python', python],
    ['cache', [...installed.map((root) => path.join(root, 'torch')), ...peers]],
  ];
  return places.flatMap(([source, roots]) => [...new Set(roots)].map((root) => ({ source, root })));
}

/** @param {string} version */
const fits = (version) => version === LIBTORCH_VERSION || version.startsWith(`${LIBTORCH_VERSION}+`);

/**
 * Inspects one place. Returns a string if it cannot be used: why.
 * @param {LibtorchPlace} place
 * @param {boolean} headers
 * @returns {Libtorch | string}
 */
export function inspectLibtorch({ source, root }, headers = false) {
  const lib = path.join(root, 'lib');
  if (!fs.existsSync(root)) return 'no such folder';
  if (!fs.existsSync(path.join(lib, 'libtorch_cpu.so'))) return 'has no lib/libtorch_cpu.so';
  const version = statedVersion(root);
  if (version === null) return 'states no version (version.py or build-version)';
  if (!fits(version)) return `is libtorch ${version}, expected ${LIBTORCH_VERSION}`;
  const include = path.join(root, 'include');
  const hasHeaders = fs.existsSync(path.join(include, 'ATen', 'ATen.h'));
  if (headers && !hasHeaders) return 'has no headers (include/ATen), which building the addon needs';
  const cuda = fs.existsSync(path.join(lib, 'libtorch_cuda.so'));
  return { root, lib, include: hasHeaders ? include : null, cuda, version, source };
}

/**
 * Finds the libtorch to use: `LIBTORCH`, then the optional npm package, a Python environment, the cache. If a GPU can
 * be used, the optional package (CPU only) must not hide one with CUDA that was installed for it: see `preferCuda`.
 *
 * @param {LibtorchOptions} [options]
 * @returns {Libtorch}
 * @throws {NoduleTrainError} `libtorch-unusable` if LIBTORCH points to one that does not fit (a variable the user set
 *   is never skipped), `libtorch-missing` if no place has one, with every place and its reason
 */
export function findLibtorch({ environment = process.env, headers = false, preferCuda = false } = {}) {
  /** @type {Libtorch | null} */
  let first = null;
  /** @type {string[]} */
  const reasons = [];
  for (const place of libtorchPlaces(environment)) {
    const found = inspectLibtorch(place, headers);
    if (typeof found !== 'string') {
      if (!preferCuda || found.cuda || place.source === 'LIBTORCH') return found;
      first ??= found;
      continue;
    }
    if (place.source === 'LIBTORCH')
      throw loadError(
        'libtorch-unusable',
        `looking for libtorch: LIBTORCH names '${place.root}', which ` +
          `${found === 'no such folder' ? 'does not exist' : found}. ` +
          `Set it to a folder with lib/libtorch_cpu.so of libtorch ${LIBTORCH_VERSION}, ` +
          `or unset it and run: ${INSTALL}`,
      );
    reasons.push(`  ${place.root} (${place.source}): ${found}`);
  }
  if (first !== null) return first;
  throw loadError(
    'libtorch-missing',
    `libtorch ${LIBTORCH_VERSION} was not found; install it with: ${INSTALL}\n` +
      `Searched:\n  variable LIBTORCH: not set\n${reasons.join('\n')}`,
  );
}
