/** The libtorch that the addon is built for. Its C++ interface is not stable, so no other version loads. */
export const LIBTORCH_VERSION = '2.11.0';

/** CUDA's flavour in the version of the Python package: 2.11.0+cu130. */
export const LIBTORCH_CUDA = 'cu130';

/** Oldest driver that CUDA 13.0 runs on, as cuDriverGetVersion says it. */
export const CUDA_DRIVER_FLOOR = 13000;

/** The branch of NVIDIA's Linux driver that brought CUDA 13.0 (release notes of CUDA 13.0, table 3). */
export const CUDA_DRIVER_BRANCH = 580;

/** The optional npm package that carries libtorch's CPU libraries. */
export const LIBTORCH_PACKAGE = 'nodule-train-libtorch-cpu-linux-x64';

/** The oldest glibc that libtorch 2.11.0 and Node 20 run on. */
export const GLIBC_FLOOR = '2.28';

/** Oldest Node of each line that is served; lines above the last are served from their start. */
export const NODE_FLOORS = [
  [20, 19],
  [22, 12],
];
