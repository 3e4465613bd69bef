// Contents of the optional package with libtorch's CPU libraries: exactly these files, byte for byte.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { filesOf } from './packageContents.mjs';

/**
 * SHA-256 of the libraries, as in the pinned wheels (src/runtime/libtorch/wheels.js). Nothing is stripped or changed:
 * the licences of oneMKL and CUDA allow redistribution only without modification, and anybody can check equal bytes.
 */
export const LIBRARIES = {
  'torch/lib/libc10.so': 'be5e17cd7752a6af003978706379384c3108f6b68916bb1949e610f6397bb640',
  'torch/lib/libgomp.so.1': 'e28fb2896a3d612b46a27d7f8ef840d34c9efbc29b70a044c42095fb94856890',
  'torch/lib/libtorch_cpu.so': '2e1034d418c1c881c86f67fc357b8723efc3f22bdb266f06aace8e6ca9c170b3',
  'torch/version.py': '323d35171ef1184f1d7db3bbd1f3d3e227e0e826be8fd52200778346e17c873f',
  'nvidia/cu13/lib/libcudart.so.13': '96c42e418cec19054186b9429c321603cc190bf26a18104e19408117a2a817b0',
  'nvidia/cu13/lib/libcupti.so.13': 'e2f9ed861fe27c492b8bb52b5e3220ef5120f3edcda36312e96b7fd8a186be3e',
};

/**
 * Licence texts: `file` in the package, `from` the folder of unpacked wheels (`wheel:`) or scripts/release/licenses
 * (`own:`), `of` what it licenses, and `holds`, a line that it must contain.
 */
export const LICENSES = [
  {
    file: 'pytorch-LICENSE.txt',
    from: 'wheel:torch-2.11.0.dist-info/licenses/LICENSE',
    of: 'libtorch_cpu.so, libc10.so: PyTorch 2.11.0 and what is linked into it',
    source: 'the torch 2.11.0 wheel',
    holds: 'Redistribution and use in source and binary forms',
  },
  {
    file: 'pytorch-NOTICE.txt',
    from: 'wheel:torch-2.11.0.dist-info/licenses/NOTICE',
    of: 'PyTorch: notices of its contributors',
    source: 'the torch 2.11.0 wheel',
    holds: 'Caffe2',
  },
  {
    file: 'onemkl-LICENSE.txt',
    from: 'own:onemkl-LICENSE.txt',
    of: 'oneMKL 2024.2, linked into libtorch_cpu.so',
    source: 'the Python package mkl-include 2024.2.0, which is of the same release (torch.__config__.show() prints it)',
    holds: 'Intel Simplified Software License',
  },
  {
    file: 'onemkl-third-party-programs.txt',
    from: 'own:onemkl-third-party-programs.txt',
    of: 'oneMKL 2024.2: third-party programs in it',
    source: 'the Python package mkl-include 2024.2.0',
    holds: 'Third Party Programs File',
  },
  {
    file: 'libgomp-GPL-3.txt',
    from: 'own:GPL-3.txt',
    of: 'libgomp.so.1: GNU OpenMP runtime of GCC 8.5.0, as the torch wheel carries it',
    source: "Debian's /usr/share/common-licenses/GPL-3",
    holds: 'GNU GENERAL PUBLIC LICENSE',
  },
  {
    file: 'libgomp-GCC-RUNTIME-LIBRARY-EXCEPTION.txt',
    from: 'own:GCC-RUNTIME-LIBRARY-EXCEPTION.txt',
    of: 'libgomp.so.1: the exception that applies to it',
    source: "Debian's /usr/share/doc/libgomp1/copyright",
    holds: 'GCC RUNTIME LIBRARY EXCEPTION',
  },
  {
    file: 'nvidia-cuda-EULA.txt',
    from: 'wheel:nvidia_cuda_runtime-13.0.96.dist-info/licenses/License.txt',
    of: 'libcudart.so.13 and libcupti.so.13: CUDA runtime 13.0.96, CUPTI 13.0.85',
    source: 'the wheels of nvidia-cuda-runtime and nvidia-cuda-cupti (the same text)',
    holds: 'NVIDIA CUDA Toolkit',
  },
];

const OTHERS = ['package.json', 'README.md', 'licenses/README.md'];

const sha256 = (file) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

/** Lists licences that are missing or incomplete. @param {string} folder of the staged package @returns {string[]} */
export const licenseFaults = (folder) =>
  LICENSES.flatMap(({ file, holds }) => {
    const full = path.join(folder, 'licenses', file);
    if (!fs.existsSync(full)) return [`licenses/${file}: is missing`];
    return fs.readFileSync(full, 'utf8').includes(holds) ? [] : [`licenses/${file}: does not contain '${holds}'`];
  });

/** Lists the faults of the staged package. @param {string} folder @returns {string[]} */
export const libtorchFaults = (folder) => {
  const files = filesOf(folder);
  const known = [...Object.keys(LIBRARIES), ...OTHERS];
  const allowed = [...known, ...LICENSES.map(({ file }) => `licenses/${file}`)];
  return [
    ...known.filter((file) => !files.includes(file)).map((file) => `${file}: is missing`),
    ...files.filter((file) => !allowed.includes(file)).map((file) => `${file}: does not belong in the package`),
    ...Object.entries(LIBRARIES).flatMap(([file, hash]) => {
      const found = files.includes(file) ? sha256(path.join(folder, file)) : hash;
      return found === hash ? [] : [`${file}: has SHA-256 ${found}, expected ${hash}`];
    }),
    ...licenseFaults(folder),
  ];
};
