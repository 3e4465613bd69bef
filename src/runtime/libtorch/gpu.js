import { CUDA_DRIVER_BRANCH, CUDA_DRIVER_FLOOR } from '../versions.js';

/**
 * @typedef {object} DriverAnswer what the loader addon finds out about the NVIDIA driver without opening libtorch
 * @property {number} driver as reported by cuDriverGetVersion (13000 is CUDA 13.0), 0 without a driver
 * @property {number} devices
 * @property {{name: string, bytes: number}[]} gpus name and memory of each device
 * @property {string | null} error
 *
 * @typedef {object} CudaProbe
 * @property {number} driver
 * @property {number} devices
 * @property {{name: string, bytes: number}[]} gpus
 * @property {string | null} reason why CUDA cannot be used, null if it can
 *
 * @typedef {object} UnusedGpu why a GPU of this machine is not used
 * @property {string} reason
 * @property {string} command the command that fixes it
 */

export const INSTALL_CUDA = 'npx nodule-train libtorch install --cuda';

/** File name of the CUDA plugin, beside the addon. */
export const CUDA_PLUGIN = 'nodule_cuda.so';

const REINSTALL_PLUGIN = 'npm install nodule-train (in a clone: npm run build -- --cuda)';

/** Formats a CUDA version: 13020 → 13.2. @param {number} version */
export function cudaVersion(version) {
  return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
}

/** @param {{name: string, bytes: number}[]} gpus */
export function gpuNames(gpus) {
  return gpus.map(({ name, bytes }) => `${name} (${(bytes / 2 ** 30).toFixed(1)} GiB)`).join(', ');
}

/** Decides from the driver's answer whether CUDA can be used. @param {DriverAnswer} answer @returns {CudaProbe} */
export function judgeDriver({ driver, devices, gpus, error }) {
  let reason = error;
  if (reason === null && driver < CUDA_DRIVER_FLOOR)
    reason =
      `the NVIDIA driver supports CUDA ${cudaVersion(driver)}, ` +
      `expected ${cudaVersion(CUDA_DRIVER_FLOOR)} or newer`;
  if (reason === null && devices === 0) reason = 'the NVIDIA driver lists no device';
  return { driver, devices, gpus, reason };
}

/**
 * Explains why a GPU is not used, with the command that fixes it. Null if it is used or there is none.
 *
 * @param {CudaProbe} probe
 * @param {boolean} cudaLibtorch whether the libtorch in use has CUDA's libraries
 * @param {string | null} noCuda why they (or the plugin) could not be opened, null if they are open
 * @param {string} [command] the command that fixes `noCuda` if the plugin is not the cause
 * @returns {UnusedGpu | null}
 */
export function unusedGpuOf(probe, cudaLibtorch, noCuda, command = INSTALL_CUDA) {
  if (probe.devices === 0) return null;
  if (probe.driver < CUDA_DRIVER_FLOOR)
    return {
      reason: probe.reason ?? '',
      command:
        `install NVIDIA driver ${CUDA_DRIVER_BRANCH} or newer ` +
        `(Ubuntu: apt-get install nvidia-driver-${CUDA_DRIVER_BRANCH})`,
    };
  if (probe.reason !== null) return { reason: probe.reason, command: 'nvidia-smi (it must list the GPU)' };
  if (!cudaLibtorch) return { reason: 'this libtorch is for the CPU only', command: INSTALL_CUDA };
  if (noCuda === null) return null;
  return { reason: noCuda, command: noCuda.includes(CUDA_PLUGIN) ? REINSTALL_PLUGIN : command };
}
