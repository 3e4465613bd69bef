// Reads the headers of a shared library with readelf (from binutils, which every C++ compiler needs).
import { spawnSync } from 'node:child_process';

const readelf = (...args) => {
  const { status, stdout, stderr, error } = spawnSync('readelf', args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (error?.code === 'ENOENT')
    throw new Error(
      'reading a shared library: found no readelf on PATH. Install it (Debian: apt-get install binutils).',
    );
  if (status !== 0) throw new Error(`readelf ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
};

/**
 * Reads a shared library. `needed`: libraries that it links; `paths`: RPATH and RUNPATH; `versions`: [symbol, 'GLIBC',
 * '2.34'] for every undefined symbol with a version; `symbolTable`: whether it is unstripped.
 */
export const readElf = (file) => {
  const dynamic = readelf('--dynamic', '--wide', file);
  const symbols = readelf('--dyn-syms', '--wide', file);
  const sections = readelf('--section-headers', '--wide', file);
  return {
    needed: [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name),
    paths: [...dynamic.matchAll(/\((?:RPATH|RUNPATH)\).*\[(.*)\]/g)].map(([, name]) => name),
    versions: [...symbols.matchAll(/ UND (\S+)@([A-Z]+)_([\w.]+)/g)].map(([, symbol, family, version]) => [
      symbol,
      family,
      version,
    ]),
    symbolTable: /\.symtab\s/.test(sections),
  };
};
