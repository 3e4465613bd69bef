import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { strToU8, zipSync } from 'fflate';

/** The pin of a wheel, as in src/runtime/libtorch/wheels.js. */
export interface Pin {
  name: string;
  version: string;
  sha256: string;
}

const wheel = (
  folder: string,
  name: string,
  version: string,
  tag: string,
  members: Record<string, Uint8Array>,
): Pin => {
  const start = `${name.replaceAll('-', '_')}-${version}`;
  const zip = zipSync({
    ...members,
    [`${start}.dist-info/METADATA`]: strToU8(`Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`),
    [`${start}.dist-info/WHEEL`]: strToU8(`Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: ${tag}\n`),
    [`${start}.dist-info/RECORD`]: strToU8(''),
    [`${start}.dist-info/licenses/LICENSE`]: strToU8('terms'),
  });
  writeFileSync(path.join(folder, `${start}-${tag}.whl`), zip);
  return { name, version, sha256: createHash('sha256').update(zip).digest('hex') };
};

/** Wheels of the real names and members with made-up contents: 12 MB of libtorch_cpu.so, a few kB packed. */
export const fakeWheels = (folder: string): Pin[] => {
  mkdirSync(folder, { recursive: true });
  const torch = {
    'torch/version.py': strToU8("__version__ = '2.11.0+cu130'\n"),
    'torch/lib/libtorch_cpu.so': new Uint8Array(12_000_000).fill(7),
    'torch/lib/libc10.so': strToU8('c10'),
    'torch/lib/libtorch_cuda.so': strToU8('cuda'),
    'torch/lib/libtorch_python.so': strToU8('python'),
    'torch/include/ATen/ATen.h': strToU8('#pragma once\n'),
    'torch/nn/functional.py': strToU8('raise SystemExit\n'),
  };
  return [
    wheel(folder, 'torch', '2.11.0', 'cp312-cp312-manylinux_2_28_x86_64', torch),
    wheel(folder, 'nvidia-cuda-runtime', '13.0.96', 'py3-none-manylinux_2_17_x86_64', {
      'nvidia/cu13/lib/libcudart.so.13': strToU8('cudart'),
      'nvidia/cu13/include/cuda.h': strToU8('header'),
    }),
  ];
};
