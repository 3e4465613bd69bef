import os from 'node:os';
import path from 'node:path';

/**
 * Every environment variable this project reads, each in one function. An empty variable counts as not set.
 *
 * | variable | meaning |
 * |---|---|
 * | `LIBTORCH` | folder with `lib/libtorch_cpu.so`; wins over every other place |
 * | `VIRTUAL_ENV`, `CONDA_PREFIX`, `PATH` | Python environments that are searched for torch |
 * | `CUDA_HOME` | CUDA 13 with nvcc, to build the CUDA plugin |
 * | `XDG_CACHE_HOME`, `LOCALAPPDATA` | where the cache is |
 * | `GOMP_SPINCOUNT`, `OMP_WAIT_POLICY` | spin time of libgomp's threads; if neither is set, the first is set to 1000 |
 * | those of `kernelVariables` | only recorded in a run's manifest: libtorch's libraries choose their kernels by them |
 *
 * node-gyp-build, which chooses among the prebuilt loaders, reads its own: `NODULE_TRAIN_PREBUILD` (another folder with
 * `prebuilds/`), `PREBUILDS_ONLY` and `LIBC`.
 *
 * @typedef {Record<string, string | undefined>} Environment
 */

/** @param {string | undefined} value */
const given = (value) => (value === undefined || value === '' ? null : value);

/** @param {Environment} [environment] @returns {string | null} */
export function libtorchVariable(environment = process.env) {
  return given(environment.LIBTORCH);
}

/** Roots of the active Python environments. @param {Environment} [environment] @returns {string[]} */
export function pythonPrefixes(environment = process.env) {
  return [given(environment.VIRTUAL_ENV), given(environment.CONDA_PREFIX)].filter((prefix) => prefix !== null);
}

/** @param {Environment} [environment] @returns {string | null} */
export function cudaHome(environment = process.env) {
  return given(environment.CUDA_HOME);
}

/** Variables that make ATen, oneDNN, MKL or cuBLAS choose other kernels, and so change the bits of a result. */
const KERNEL_VARIABLES = [
  'ATEN_CPU_CAPABILITY',
  'ONEDNN_MAX_CPU_ISA',
  'DNNL_MAX_CPU_ISA',
  'ONEDNN_CPU_ISA_HINTS',
  'ONEDNN_DEFAULT_FPMATH_MODE',
  'MKL_CBWR',
  'MKL_ENABLE_INSTRUCTIONS',
  'TORCH_ALLOW_TF32_CUBLAS_OVERRIDE',
  'CUBLAS_WORKSPACE_CONFIG',
];

/**
 * Returns the kernel variables that are set, by name.
 * @param {Environment} [environment]
 * @returns {Record<string, string>}
 */
export function kernelVariables(environment = process.env) {
  return Object.fromEntries(
    KERNEL_VARIABLES.flatMap((name) => {
      const value = given(environment[name]);
      return value === null ? [] : [[name, value]];
    }),
  );
}

/** @param {Environment} [environment] @returns {string[]} */
export function searchPath(environment = process.env) {
  return (environment.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
}

/**
 * Returns this project's folder in the user's cache, for libtorch, the Python peers and downloads.
 * @param {Environment} [environment]
 * @returns {string}
 */
export function cacheFolder(environment = process.env) {
  const xdg = given(environment.XDG_CACHE_HOME);
  // By the XDG specification a relative path is ignored.
  if (xdg !== null && path.isAbsolute(xdg)) return path.join(xdg, 'nodule-train');
  const home = given(environment.HOME) ?? os.homedir();
  if (process.platform === 'win32')
    return path.join(given(environment.LOCALAPPDATA) ?? path.join(home, 'AppData', 'Local'), 'nodule-train', 'Cache');
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Caches', 'nodule-train');
  return path.join(home, '.cache', 'nodule-train');
}
