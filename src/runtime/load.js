import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NoduleTrainError } from './error.js';
import { findLibtorch } from './libtorch.js';
import { CUDA_DRIVER_FLOOR, LIBTORCH_VERSION } from './versions.js';

/**
 * The main addon's functions; src/torch/native.ts gives them types.
 * @typedef {Record<string, (...args: any[]) => any>} NativeAddon
 *
 * @typedef {object} CudaProbe
 * @property {number} driver as cuDriverGetVersion says it (13000 is CUDA 13.0), 0 where there is none
 * @property {number} devices
 * @property {string | null} reason why CUDA cannot be used, null where it can
 *
 * @typedef {object} Loader
 * @property {(file: string) => string | null} open opens a library by its full path; null, or why it failed
 * @property {() => {driver: number, devices: number, error: string | null}} probeCuda
 *
 * @typedef {object} Loaded
 * @property {NativeAddon} addon
 * @property {import('./libtorch.js').Libtorch} libtorch
 * @property {string | null} noCuda why CUDA is not there, null where libtorch_cuda is open
 */

const require = createRequire(import.meta.url);
const packageRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * A build of this checkout wins over the one that the package carries.
 * @param {string} name
 * @param {string[]} prebuilt
 */
const addonFile = (name, ...prebuilt) => {
  const platform = `${process.platform}-${process.arch}`;
  const places = [
    path.join(packageRoot, 'build', 'Release', name),
    path.join(packageRoot, 'prebuilds', platform, ...prebuilt),
  ];
  const found = places.find((place) => fs.existsSync(place));
  if (found === undefined)
    throw new NoduleTrainError(
      'addon-missing',
      `Loading the native addon for ${platform}, Node ${process.version}: neither ${places.join(' nor ')} exists. In a clone run: npm run build`,
    );
  return found;
};

/** @param {string} file */
const requireAddon = (file) => {
  try {
    return require(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NoduleTrainError(
      'addon-unusable',
      `Loading the native addon ${file} in Node ${process.version} failed: ${reason}. Say 'npx nodule-train doctor' for what is installed; in a clone run: npm run build`,
      { cause },
    );
  }
};

/** @returns {Loader} */
export const loadLoader = () => requireAddon(addonFile('nodule-train.node', 'nodule-train.glibc.node'));

/**
 * Asks the driver, which opens no part of libtorch.
 * @param {Loader} loader
 * @returns {CudaProbe}
 */
export const probeCuda = (loader) => {
  const { driver, devices, error } = loader.probeCuda();
  const name = (/** @type {number} */ version) => `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
  let reason = error;
  if (reason === null && driver < CUDA_DRIVER_FLOOR)
    reason = `the NVIDIA driver serves CUDA ${name(driver)}, wanted is ${name(CUDA_DRIVER_FLOOR)} or newer`;
  if (reason === null && devices === 0) reason = 'the NVIDIA driver lists no device';
  return { driver, devices, reason };
};

/** @type {Loaded | undefined} one per thread: a module is evaluated anew in each worker */
let loaded;

/**
 * Opens libtorch and the main addon, once per thread.
 *
 * The order matters: libtorch_cuda must be open before anything asks whether CUDA is available, or libtorch keeps its
 * stubs for the life of the process.
 *
 * @returns {Loaded}
 * @throws {NoduleTrainError} `libtorch-missing`, `libtorch-unusable`, `libtorch-unloadable`, `addon-missing`, `addon-unusable`
 */
export const loadRuntime = () => {
  if (loaded !== undefined) return loaded;
  const loader = loadLoader();
  const main = addonFile('torch_addon.node', `torch-${LIBTORCH_VERSION}`, 'torch_addon.node');
  const libtorch = findLibtorch();
  for (const library of ['libc10.so', 'libtorch_cpu.so']) {
    const file = path.join(libtorch.lib, library);
    const reason = loader.open(file);
    if (reason !== null)
      throw new NoduleTrainError(
        'libtorch-unloadable',
        `Opening ${file} (libtorch ${libtorch.version}, found by ${libtorch.source}) failed: ${reason}. ${libtorch.source === 'LIBTORCH' ? 'Point LIBTORCH to a complete libtorch or unset it' : 'The installation is incomplete'}; install one with: npx nodule-train libtorch install`,
      );
  }
  let noCuda = libtorch.cuda ? probeCuda(loader).reason : 'this libtorch is built for the CPU only';
  if (noCuda === null) noCuda = loader.open(path.join(libtorch.lib, 'libtorch_cuda.so'));
  loaded = { addon: requireAddon(main), libtorch, noCuda };
  return loaded;
};

/** The main addon. Throws as {@link loadRuntime}. @returns {NativeAddon} */
export const loadNative = () => loadRuntime().addon;
