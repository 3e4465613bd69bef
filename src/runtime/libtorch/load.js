import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIBTORCH_VERSION } from '../versions.js';
import { findLibtorch } from './findLibtorch.js';
import { CUDA_PLUGIN, gpuNames, judgeDriver, unusedGpuOf } from './gpu.js';
import { loadError } from './loadError.js';
import { platformFault, thisMachine } from './platform.js';

/**
 * The main addon's functions; src/torch/native.ts gives them types.
 * @typedef {Record<string, (...args: any[]) => any>} NativeAddon
 *
 * @typedef {object} Loader
 * @property {(file: string) => string | null} open opens a library by its full path; returns null, or why it failed
 * @property {() => import('./gpu.js').DriverAnswer} probeCuda
 * @property {(file: string) => ArrayBuffer} mapFile
 * @property {string | null} [inflater] name of the library behind `inflate`, null if it was not built in
 * @property {import('../files/inflater.js').Inflater['inflate']} [inflate]
 * @property {(bytes: Uint8Array) => Promise<void>} [populate]
 *
 * @typedef {object} Loaded
 * @property {NativeAddon} addon
 * @property {import('./findLibtorch.js').Libtorch} libtorch
 * @property {string | null} noCuda why CUDA cannot be used, null if libtorch_cuda and the plugin are open
 * @property {import('./gpu.js').CudaProbe} probe
 * @property {import('./gpu.js').UnusedGpu | null} unusedGpu
 */

const require = createRequire(import.meta.url);

const REINSTALL = 'In a clone run: npm run build; otherwise run: npm install nodule-train';

/** Root folder of this package or of the clone. */
export const packageRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/**
 * Finds the files of the addon. A build of this clone wins over the package's prebuilt files, chosen by node-gyp-build.
 * @returns {{loader: string, main: string, built: boolean}}
 * @throws {NoduleTrainError} `addon-missing`, `platform-unsupported`, `node-unsupported`, `libc-unsupported`
 */
export function addonFiles() {
  const release = path.join(packageRoot, 'build', 'Release');
  const files = (/** @type {string} */ loader, /** @type {string} */ folder, /** @type {boolean} */ built) => ({
    loader,
    main: path.join(folder, 'torch_addon.node'),
    built,
  });
  const own = path.join(release, 'nodule-train.node');
  if (fs.existsSync(own)) return files(own, release, true);
  const fault = platformFault(thisMachine());
  if (fault !== null) throw fault;
  try {
    const loader = require('node-gyp-build').path(packageRoot);
    return files(loader, path.join(path.dirname(loader), `torch-${LIBTORCH_VERSION}`), false);
  } catch (cause) {
    throw loadError(
      'addon-missing',
      `loading the native addon for ${process.platform}-${process.arch}, Node ${process.version}: ` +
        `found neither ${own} nor one below ${path.join(packageRoot, 'prebuilds')}. ${REINSTALL}`,
      { cause },
    );
  }
}

/** @param {string} file */
const requireAddon = (file) => {
  try {
    return require(file);
  } catch (cause) {
    const fault = platformFault(thisMachine());
    if (fault !== null) throw fault;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw loadError(
      'addon-unusable',
      `loading the native addon ${file} in Node ${process.version}: ${reason}. ${REINSTALL}`,
      { cause },
    );
  }
};

/** @returns {Loader} */
export function loadLoader() {
  const { platform, arch } = process;
  // The C library is checked only if opening fails, because the query takes longer than everything else here.
  const fault = platformFault({ platform, arch, node: process.versions.node });
  if (fault !== null) throw fault;
  return requireAddon(addonFiles().loader);
}

/**
 * Queries the NVIDIA driver without opening libtorch.
 * @param {Loader} loader
 */
export function probeCuda(loader) {
  return judgeDriver(loader.probeCuda());
}

/**
 * Chooses the libtorch to open. One with CUDA is preferred if a GPU can be used.
 * @param {import('./gpu.js').CudaProbe} [probe]
 */
export function chooseLibtorch(probe = probeCuda(loadLoader())) {
  return findLibtorch({ preferCuda: probe.reason === null });
}

/**
 * Opens libtorch_cuda, if the plugin that uses it exists.
 * @param {Loader} loader
 * @param {import('./findLibtorch.js').Libtorch} libtorch
 * @param {string} plugin
 * @returns {string | null} why CUDA cannot be used
 */
const openCuda = (loader, libtorch, plugin) => {
  if (!libtorch.cuda) return 'this libtorch is for the CPU only';
  if (!fs.existsSync(plugin)) return `the CUDA plugin ${plugin} does not exist`;
  return loader.open(path.join(libtorch.lib, 'libtorch_cuda.so'));
};

/**
 * Opens the plugin; libtorch_cuda must be open.
 * @param {NativeAddon} addon
 * @param {string} plugin
 * @returns {string | null} why it cannot be used
 */
const openPlugin = (addon, plugin) => {
  const open = /** @type {(file: string) => string | null} */ (addon.openCudaPlugin);
  const fault = open(plugin);
  return fault === null ? null : `the CUDA plugin ${plugin} cannot be used: ${fault}`;
};

/** @type {Loaded | undefined} one per thread, because each worker evaluates the module again */
let loaded;

/**
 * Opens libtorch and the main addon, once per thread.
 *
 * The order matters. libtorch_cuda must be open before anything asks whether CUDA is available; otherwise libtorch
 * keeps its stubs for the life of the process. The plugin finds libtorch_cuda by name among the open libraries.
 *
 * @returns {Loaded}
 * @throws {NoduleTrainError} `libtorch-missing`, `libtorch-unusable`, `libtorch-unloadable`, `addon-missing`,
 *   `addon-unusable`, `platform-unsupported`, `node-unsupported`, `libc-unsupported`
 */
export function loadRuntime() {
  if (loaded !== undefined) return loaded;
  const loader = loadLoader();
  const probe = probeCuda(loader);
  const libtorch = chooseLibtorch(probe);
  for (const library of ['libc10.so', 'libtorch_cpu.so']) {
    const file = path.join(libtorch.lib, library);
    const reason = loader.open(file);
    if (reason !== null)
      throw loadError(
        'libtorch-unloadable',
        `opening ${file} (libtorch ${libtorch.version} from ${libtorch.source}): ${reason}. ` +
          (libtorch.source === 'LIBTORCH'
            ? 'Point LIBTORCH to a complete libtorch or unset it; '
            : 'The installation is incomplete; ') +
          'install one with: npx nodule-train libtorch install',
      );
  }
  const { main } = addonFiles();
  const plugin = path.join(path.dirname(main), CUDA_PLUGIN);
  const closed = probe.reason ?? openCuda(loader, libtorch, plugin);
  const addon = requireAddon(main);
  const noCuda = closed ?? openPlugin(addon, plugin);
  loaded = { addon, libtorch, noCuda, probe, unusedGpu: unusedGpuOf(probe, libtorch.cuda, noCuda) };
  return loaded;
}

/** Returns the main addon; throws what {@link loadRuntime} throws. @returns {NativeAddon} */
export function loadNative() {
  return loadRuntime().addon;
}

let warned = false;

/** Emits a process warning, once per thread, if a GPU is not used: why, and the command that fixes it. */
export function warnOfUnusedGpu() {
  const { unusedGpu, probe } = loadRuntime();
  if (unusedGpu === null || warned) return;
  warned = true;
  process.emitWarning(
    `The GPU ${gpuNames(probe.gpus)} is not used: ${unusedGpu.reason}. To use it: ${unusedGpu.command}`,
    {
      type: 'NoduleTrainWarning',
      code: 'gpu-unused',
    },
  );
}

/** Explains in one line why libtorch offers no CUDA. @returns {string} */
export function whyNoCuda() {
  const { unusedGpu, noCuda } = loadRuntime();
  if (unusedGpu !== null) return `${unusedGpu.reason}; to use the GPU: ${unusedGpu.command}`;
  return noCuda ?? 'libtorch reports no CUDA device';
}
