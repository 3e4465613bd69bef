import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { libtorchPlaces } from '../../dist/runtime/libtorch/findLibtorch.js';
import { compileLibrary, fakeDriver, hasCompiler } from '../support/libraries.js';
import { inDist, inRoot, root } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';

const plugin = inRoot('build', 'Release', 'nodule_cuda.so');
const cudaLibtorch = libtorchPlaces().find((place) => fs.existsSync(path.join(place.root, 'lib', 'libtorch_cuda.so')));
const folder = scratchFolder('cuda');

/** Runs a program with a stand-in for the driver: the loader takes it for a GPU, libtorch itself then finds none. */
const asked = (checkout: string, program: string) => {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: checkout,
    encoding: 'utf8',
    env: {
      ...process.env,
      LD_LIBRARY_PATH: fakeDriver(path.join(folder, 'driver'), 13000),
      LIBTORCH: (cudaLibtorch as { root: string }).root,
      NODE_NO_WARNINGS: '1',
    },
  });
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
};

const load = `const { loadRuntime } = await import('./dist/runtime/libtorch/load.js');
  const { noCuda, unusedGpu } = loadRuntime();
  const { cuda, fromData, op } = await import('./dist/torch/index.js');`;

/** Makes a clone of links with another plugin, or none. */
const checkout = (name: string, put?: (file: string) => void) => {
  const made = path.join(folder, name);
  fs.mkdirSync(path.join(made, 'build', 'Release'), { recursive: true });
  fs.cpSync(inDist('runtime'), path.join(made, 'dist', 'runtime'), { recursive: true });
  fs.cpSync(inDist('torch'), path.join(made, 'dist', 'torch'), { recursive: true });
  for (const file of ['package.json', 'node_modules']) fs.symlinkSync(path.join(root, file), path.join(made, file));
  for (const addon of ['nodule-train.node', 'torch_addon.node'])
    fs.linkSync(inRoot('build', 'Release', addon), path.join(made, 'build', 'Release', addon));
  const file = path.join(made, 'build', 'Release', 'nodule_cuda.so');
  put?.(file);
  return { made, file };
};

describe.skipIf(cudaLibtorch === undefined || !hasCompiler)(
  'with a CUDA libtorch and a stand-in for the driver (skipped without a CUDA libtorch or a C compiler)',
  { timeout: 120_000 },
  () => {
    it.skipIf(!fs.existsSync(plugin))(
      'the plugin opens after libtorch_cuda with all symbols and registers its kernels (skipped unless it is built)',
      () => {
        const found = asked(
          root,
          `${load}
          let kernel = null;
          const rows = fromData(new Int16Array(4), [1, 2, 2]);
          try { rows.to('cuda'); } catch (error) { kernel = error.message; }
          console.log(JSON.stringify({ noCuda, unusedGpu, kernel }));`,
        );
        expect(found).toMatchObject({ noCuda: null, unusedGpu: null });
        // Not "no kernel for CUDA", which libtorch reports if its CUDA part is not open.
        expect(found.kernel).toMatch(/CUDA/);
        expect(found.kernel).not.toMatch(/CUDA. backend|not linked/i);
      },
    );

    describe('a plugin that cannot be used is reported with the command that fixes it, and the CPU works:', () => {
      const said = (name: string, put?: (file: string) => void) => {
        const { made, file } = checkout(name, put);
        const found = asked(
          made,
          `${load}
          const sum = fromData(Float32Array.of(1, 2)).sum().item();
          console.log(JSON.stringify({ noCuda, command: unusedGpu?.command, available: cuda.isAvailable(), sum }));`,
        );
        expect(found).toMatchObject({ available: false, sum: 3 });
        expect(found.command).toBe('npm install nodule-train (in a clone: npm run build -- --cuda)');
        return found.noCuda.replaceAll(file, 'PLUGIN');
      };
      let table: (abi: number, libtorch: string) => string;
      beforeAll(() => {
        table = (abi, libtorch) => `#include <stdint.h>
          static struct { uint32_t abi, bytes; const char* libtorch; void* rest[7]; } table =
            { ${abi}, sizeof table, "${libtorch}" };
          const void* nodule_cuda_plugin(void) { return &table; }`;
      });

      it('the plugin is missing', () => expect(said('missing')).toBe('the CUDA plugin PLUGIN does not exist'));
      it('its interface version is another', () =>
        expect(said('abi', (file) => compileLibrary(file, table(99, '2.11.0')))).toBe(
          'the CUDA plugin PLUGIN cannot be used: its interface version is 99, expected 1',
        ));
      it('it was built for another libtorch', () =>
        expect(said('libtorch', (file) => compileLibrary(file, table(1, '2.10.0')))).toBe(
          'the CUDA plugin PLUGIN cannot be used: it was built for libtorch 2.10.0, expected 2.11.0',
        ));
      it('it is another library', () =>
        expect(said('other', (file) => compileLibrary(file, 'int other;'))).toBe(
          'the CUDA plugin PLUGIN cannot be used: it does not export nodule_cuda_plugin',
        ));
      it('it is not a library', () =>
        expect(said('text', (file) => fs.writeFileSync(file, 'text'))).toMatch(
          /^the CUDA plugin PLUGIN cannot be used: PLUGIN: (file too short|invalid ELF header)$/,
        ));
    });
  },
);
