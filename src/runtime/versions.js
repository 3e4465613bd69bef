import fs from 'node:fs';
import { NoduleTrainError } from './error.js';

/** @returns {string} @throws {NoduleTrainError} `bundled` if a bundler moved this code away from the package's files */
const readVersion = () => {
  // In a bundle of CommonJS there is no import.meta.url.
  const file = import.meta.url === undefined ? null : new URL('../../package.json', import.meta.url);
  try {
    const { name, version } = JSON.parse(fs.readFileSync(/** @type {URL} */ (file), 'utf8'));
    if (name === 'nodule-train') return version;
  } catch {
    // The error below is for all cases.
  }
  throw new NoduleTrainError(
    'bundled',
    `loading nodule-train: its package.json is not at ${file === null ? 'any known place' : file}. A bundler has moved ` +
      'its code, which opens native files beside it. Leave the package external (esbuild: --external:nodule-train; ' +
      'others: docs/guide/install.md).',
  );
};

/** Version of this package. */
export const PACKAGE_VERSION = readVersion();

/** The libtorch version the addon is built for. Its C++ interface is not stable, so no other version loads. */
export const LIBTORCH_VERSION = '2.11.0';

/** CUDA suffix of the Python package's version: 2.11.0+cu130. */
export const LIBTORCH_CUDA = 'cu130';

/** Oldest driver that CUDA 13.0 runs on, as reported by cuDriverGetVersion. */
export const CUDA_DRIVER_FLOOR = 13000;

/** First branch of NVIDIA's Linux driver with CUDA 13.0 (release notes of CUDA 13.0, table 3). */
export const CUDA_DRIVER_BRANCH = 580;

/** Optional npm package with libtorch's CPU libraries. */
export const LIBTORCH_PACKAGE = 'nodule-train-libtorch-cpu-linux-x64';

/** The oldest glibc that libtorch 2.11.0 and Node 20 run on. */
export const GLIBC_FLOOR = '2.28';

/** Oldest supported Node of each release line; every version of a later line is supported. */
export const NODE_FLOORS = [
  [20, 19],
  [22, 12],
];
