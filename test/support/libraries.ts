import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findLibtorch } from '../../dist/runtime/libtorch/findLibtorch.js';

const compiler = 'cc';

export const hasCompiler = spawnSync(compiler, ['--version']).status === 0;

/** Compiles a shared library from C; `flags` end the command, where the linker reads them. */
export function compileLibrary(file: string, source: string, flags: string[] = []): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const { status, stderr } = spawnSync(
    compiler,
    ['-shared', '-fPIC', '-x', 'c', '-', '-x', 'none', '-o', file, ...flags],
    {
      input: source,
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${compiler}: ${stderr}`);
}

/** Makes a stand-in for NVIDIA's driver, in a folder for LD_LIBRARY_PATH: one device and CUDA `version`. */
export function fakeDriver(folder: string, version: number): string {
  compileLibrary(
    path.join(folder, 'libcuda.so.1'),
    `#include <string.h>
     int cuInit(unsigned flags) { return 0; }
     int cuDriverGetVersion(int* version) { *version = ${version}; return 0; }
     int cuDeviceGetCount(int* count) { *count = 1; return 0; }
     int cuDeviceGet(int* device, int ordinal) { *device = ordinal; return 0; }
     int cuDeviceGetName(char* name, int length, int device) { strncpy(name, "Test GPU", length); return 0; }
     int cuDeviceTotalMem_v2(unsigned long* bytes, int device) { *bytes = 8ul << 30; return 0; }`,
  );
  return folder;
}

/** Links the libtorch of this machine without its CUDA libraries; returns its root. */
export function cpuOnlyLibtorch(folder: string): string {
  const { root } = findLibtorch();
  mkdirSync(path.join(folder, 'torch', 'lib'), { recursive: true });
  for (const name of readdirSync(path.join(root, 'lib')))
    if (/^lib(c10|torch_cpu|gomp)\b[^/]*\.so/.test(name) && !name.includes('cuda'))
      symlinkSync(path.join(root, 'lib', name), path.join(folder, 'torch', 'lib', name));
  symlinkSync(path.join(path.dirname(root), 'nvidia'), path.join(folder, 'nvidia'));
  writeFileSync(path.join(folder, 'torch', 'version.py'), "__version__ = '2.11.0+cpu'\n");
  return path.join(folder, 'torch');
}
