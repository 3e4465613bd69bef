// Release checks of our binaries: linked libraries, oldest supported system, no trace of the machine that built them.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cacheFolder } from '../../src/runtime/environment.js';
import { GLIBC_FLOOR } from '../../src/runtime/versions.js';
import { root } from '../setup/steps.mjs';
import { readElf } from './elf.mjs';

/** Newest symbol version of each family that a binary may require: what libtorch 2.11.0 itself requires. */
const FLOORS = { GLIBC: GLIBC_FLOOR, GLIBCXX: '3.4.22', CXXABI: '1.3.11', GCC: '4.3', GOMP: '4.0', OMP: '1.0' };

const SYSTEM = ['libstdc++.so.6', 'libgcc_s.so.1', 'libm.so.6', 'libc.so.6', 'libdl.so.2', 'libpthread.so.0'].concat(
  'ld-linux-x86-64.so.2',
);

/** Libraries besides the system's that each binary must link; it may link no others. */
const LINKS = [
  [/^nodule-train(\.glibc)?\.node$/, []],
  [/^torch_addon\.node$/, ['libtorch_cpu.so', 'libc10.so']],
  [/\.so$/, ['libtorch_cuda.so', 'libc10_cuda.so', 'libtorch_cpu.so', 'libc10.so', 'libcudart.so.13']],
];

const isAbove = (version, floor) => {
  // GLIBC_PRIVATE is for glibc's own libraries.
  if (!/^[\d.]+$/.test(version)) return true;
  const [a, b] = [version, floor].map((text) => text.split('.').map(Number));
  const at = a.findIndex((part, index) => part !== (b[index] ?? 0));
  return at >= 0 && a[at] > (b[at] ?? 0);
};

/** Folders of this machine. A binary that contains one was built without -ffile-prefix-map. */
const ownFolders = () =>
  [...new Set([root, fs.realpathSync(root), cacheFolder(), os.homedir()])].filter((f) => f !== '/');

/**
 * Lists the faults of one binary.
 * @param {string} file
 * @param {{stripped: boolean}} options whether it must have been stripped
 * @returns {string[]}
 */
export const binaryFaults = (file, { stripped }) => {
  const name = path.basename(file);
  const { needed, paths, versions, symbolTable } = readElf(file);
  const [, links] = LINKS.find(([pattern]) => pattern.test(name)) ?? [];
  if (links === undefined) return [`${name}: is not a known binary`];
  const bytes = fs.readFileSync(file);
  return [
    ...paths.map((each) => `${name}: has the library path '${each}', expected none`),
    ...needed
      .filter((each) => !SYSTEM.includes(each) && !links.includes(each))
      .map((each) => `${name}: links ${each}, which is neither part of libtorch nor present on every system`),
    ...links.filter((each) => !needed.includes(each)).map((each) => `${name}: does not link ${each}`),
    ...versions
      .filter(([, family, version]) => FLOORS[family] === undefined || isAbove(version, FLOORS[family]))
      .map(([symbol, family, version]) => {
        const most = FLOORS[family] === undefined ? 'none of that family' : `at most ${FLOORS[family]}`;
        const remedy = 'binding/glibc_floor.h binds symbols to older versions';
        return `${name}: ${symbol} requires ${family}_${version}, expected ${most} (${remedy})`;
      }),
    ...ownFolders()
      .filter((folder) => bytes.includes(`${folder}/`))
      .map((folder) => `${name}: contains the path ${folder} of this machine`),
    ...(LINKS[0][0].test(name) && !bytes.includes('libdeflate ')
      ? [`${name}: was built without libdeflate (npm run build prints the reason)`]
      : []),
    ...(stripped && symbolTable ? [`${name}: is not stripped`] : []),
  ];
};
