import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { findLibtorch } from '../../dist/runtime/libtorch/findLibtorch.js';
import { binaryFaults } from '../../scripts/release/binaries.mjs';
import { LIBRARIES, LICENSES, libtorchFaults, licenseFaults } from '../../scripts/release/libtorchContents.mjs';
import { packageFaults } from '../../scripts/release/packageContents.mjs';
import { stageLicenses } from '../../scripts/release/stageLibtorch.mjs';
import { publishedManifest } from '../../scripts/release/stagePackage.mjs';
import { compileLibrary, hasCompiler } from '../support/libraries.js';
import { inRoot, root } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';

// Some cases start several processes, each of which opens libtorch; a busy machine takes its time for that.
vi.setConfig({ testTimeout: 120_000 });

const scratch = scratchFolder('release');

const write = (file: string, text: string) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
};
/** The addon, and the CUDA plugin where it is built. */
const built = fs.readdirSync(inRoot('build', 'Release')).filter((name) => /\.(node|so)$/.test(name));
const hasReadelf = spawnSync('readelf', ['--version']).status === 0;

describe.skipIf(!hasReadelf)('the gate (skipped without readelf)', () => {
  it('has an addon to check', () => expect(built).toContain('nodule-train.node'));

  it.each(built)('passes %s as built here', (name) => {
    expect(binaryFaults(inRoot('build', 'Release', name), { stripped: false })).toEqual([]);
  });

  it.skipIf(!hasCompiler)(
    'reports a library path, a path of this machine, a foreign library and a newer glibc (skipped without a C compiler)',
    () => {
      const file = path.join(scratch, 'nodule-train.node');
      compileLibrary(
        file,
        `const char* home = "${root}/binding/core/addon.cc";
       extern int pidfd_open(int, int);
       int call(void) { return pidfd_open(1, 0); }`,
        ['-Wl,-rpath,/opt/somewhere', '-Wl,--no-as-needed', '-lrt', '-lresolv'],
      );
      const faults = binaryFaults(file, { stripped: true });
      expect(faults).toContain("nodule-train.node: has the library path '/opt/somewhere', expected none");
      expect(faults).toContain(`nodule-train.node: contains the path ${root} of this machine`);
      expect(faults).toContain(
        'nodule-train.node: links libresolv.so.2, which is neither part of libtorch nor present on every system',
      );
      expect(faults).toContain('nodule-train.node: is not stripped');
      expect(faults.join('\n')).toMatch(/pidfd_open requires GLIBC_2\.36, expected at most 2\.28/);
    },
  );
});

it('a staged package with an extra file, a missing file and no optional dependency is refused', () => {
  const folder = path.join(scratch, 'package');
  write(path.join(folder, 'package.json'), JSON.stringify({ name: 'nodule-train', scripts: { install: 'true' } }));
  write(path.join(folder, 'dist', 'index.js'), '');
  write(path.join(folder, '.env'), 'secret');
  write(path.join(folder, 'dist', 'index.js.map'), '');
  const faults = packageFaults(folder);
  expect(faults).toContain('.env: does not belong in the package');
  expect(faults).toContain('dist/index.js.map: does not belong in the package');
  expect(faults).toContain('dist/index.d.ts: is missing');
  expect(faults).toContain('prebuilds/linux-x64/torch-2.11.0/torch_addon.node: is missing');
  expect(faults).toContain("package.json: 'scripts' does not belong in the package");
  expect(faults.join('\n')).toContain('expected the optional dependency nodule-train-libtorch-cpu-linux-x64 2.11.0');
});

it('the published manifest has the optional dependency and no field that only a checkout needs', () => {
  const manifest = publishedManifest(JSON.parse(fs.readFileSync(inRoot('package.json'), 'utf8')));
  expect(manifest.optionalDependencies).toEqual({ 'nodule-train-libtorch-cpu-linux-x64': '2.11.0' });
  for (const field of ['scripts', 'devDependencies', 'private']) expect(manifest).not.toHaveProperty(field);
  expect(manifest.dependencies).toHaveProperty('node-gyp-build');
});

describe("libtorch's package", () => {
  const { root: torch, source } = findLibtorch();
  const wheels = path.dirname(torch);
  const licensed = fs.existsSync(path.join(wheels, 'torch-2.11.0.dist-info', 'licenses', 'NOTICE'));

  it.skipIf(source !== 'cache' || !licensed)(
    'holds every licence; a missing or emptied one is refused (skipped unless the cache has libtorch with its licences)',
    () => {
      const folder = path.join(scratch, 'libtorch');
      stageLicenses(folder, wheels);
      expect(licenseFaults(folder)).toEqual([]);
      for (const file of ['pytorch-LICENSE.txt', 'pytorch-NOTICE.txt', 'onemkl-LICENSE.txt', 'libgomp-GPL-3.txt'])
        expect(LICENSES.map((license) => license.file)).toContain(file);
      fs.rmSync(path.join(folder, 'licenses', 'nvidia-cuda-EULA.txt'));
      write(path.join(folder, 'licenses', 'libgomp-GCC-RUNTIME-LIBRARY-EXCEPTION.txt'), 'lost');
      expect(licenseFaults(folder).sort()).toEqual([
        "licenses/libgomp-GCC-RUNTIME-LIBRARY-EXCEPTION.txt: does not contain 'GCC RUNTIME LIBRARY EXCEPTION'",
        'licenses/nvidia-cuda-EULA.txt: is missing',
      ]);
    },
  );

  it('is refused when its library differs from the pinned wheel', () => {
    const folder = path.join(scratch, 'changed');
    for (const file of Object.keys(LIBRARIES)) write(path.join(folder, file), 'other bytes');
    expect(libtorchFaults(folder).filter((fault: string) => fault.includes('has SHA-256'))).toHaveLength(6);
  });
});

const hasPrebuilds = fs.existsSync(inRoot('prebuilds'));

it.skipIf(hasPrebuilds)(
  'npm pack in a checkout without prebuilt files fails and names release:pack (skipped where prebuilt files exist)',
  () => {
    const prepack = inRoot('scripts', 'release', 'prepack.mjs');
    const { status, stderr } = spawnSync(process.execPath, [prepack], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('Create the tarballs with: npm run release:pack -- --out DIR');
  },
);
