import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Diagnosis, diagnose } from '../../dist/runtime/doctor.js';
import { ADVICE } from '../../dist/runtime/libtorch/loadError.js';
import { runCli } from '../support/cli.js';
import { compileLibrary, cpuOnlyLibtorch, fakeDriver, hasCompiler } from '../support/libraries.js';
import { torchUrl } from '../support/paths.js';
import { pythonInterpreter } from '../support/python.js';
import { scratchFolder } from '../support/scratch.js';

// Some cases start several processes, each of which opens libtorch; that takes time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const empty = scratchFolder('doctor');

const doctor = (env: NodeJS.ProcessEnv = {}) => {
  const run = runCli(['doctor', '--json'], { env });
  const found = JSON.parse(run.stdout) as Diagnosis & { type: string };
  return { status: run.status, text: run.stderr, ...found, check: checkOf(found) };
};
const checkOf = (found: Diagnosis) => (name: string) => found.checks.find((check) => check.name === name);
const nothing = { PATH: empty, XDG_CACHE_HOME: empty, VIRTUAL_ENV: '', CONDA_PREFIX: '', LIBTORCH: '' };

it('doctor reports a machine that is set up as ready, and that its libtorch opens', () => {
  const { status, ready, type, checks, check } = doctor();
  expect({ status, ready, type }).toEqual({ status: 0, ready: true, type: 'end' });
  expect(checks.map(({ name }) => name).slice(0, 8)).toEqual([
    'platform',
    'Node',
    'package',
    'inflater',
    'processor',
    'cache',
    'libtorch',
    'driver',
  ]);
  expect(check('libtorch')?.found).toMatch(/opens in \d+\.\d s/);
});

it('a libtorch that opened is not opened again until something changes', () => {
  const root = cpuOnlyLibtorch(path.join(empty, 'kept'));
  const env = { ...nothing, LIBTORCH: root };
  expect(doctor(env).candidates[0]?.verdict).toMatch(/^2\.11\.0\+cpu, CPU only, opens in \d+\.\d s$/);
  expect(doctor(env).candidates[0]?.verdict).toMatch(/ s \(cached\)$/);
  // Another file beside it is another installation.
  fs.writeFileSync(path.join(root, 'lib', 'libnew.so'), '');
  expect(doctor(env).candidates[0]?.verdict).toMatch(/opens in \d+\.\d s$/);
});

const python = pythonInterpreter();

it.skipIf(python === null)('torch 2.11.0 of a Python environment is used (skipped without `npm run python`)', () => {
  const prefix = path.dirname(path.dirname(python ?? ''));
  const { status, candidates } = doctor({ ...nothing, VIRTUAL_ENV: prefix });
  expect(status).toBe(0);
  expect(candidates[0]).toMatchObject({ source: 'python', usable: true });
  expect(candidates[0]?.root.startsWith(prefix)).toBe(true);
});

it('without libtorch, doctor prints the command that installs it and exits with 1', () => {
  const { status, ready, next, check } = doctor(nothing);
  expect({ status, ready, next }).toEqual({ status: 1, ready: false, next: 'npx nodule-train libtorch install' });
  expect(check('libtorch')).toEqual({
    name: 'libtorch',
    state: 'missing',
    found: 'libtorch 2.11.0 was not found',
    remedy: 'npx nodule-train libtorch install',
  });
});

it('with a damaged libtorch, doctor quotes the dynamic linker', () => {
  const root = path.join(empty, 'damaged');
  fs.mkdirSync(path.join(root, 'lib'), { recursive: true });
  for (const name of ['libc10.so', 'libtorch_cpu.so']) fs.writeFileSync(path.join(root, 'lib', name), 'no library');
  fs.writeFileSync(path.join(root, 'build-version'), '2.11.0+cpu');
  const { status, check, candidates } = doctor({ ...nothing, LIBTORCH: root });
  expect(status).toBe(1);
  const failed = `does not open: opening ${path.join(root, 'lib', 'libc10.so')} (libtorch 2.11.0+cpu from LIBTORCH): `;
  expect(check('libtorch')?.found).toContain(failed);
  expect(candidates[0]).toMatchObject({ source: 'LIBTORCH', root, usable: false });
  expect(candidates[0]?.verdict).toContain(failed);
});

it.each([
  [{ node: '18.20.8' }, 'Node', 'v18.20.8', 'use Node 20.19, 22.12 or newer'],
  [
    { arch: 'arm64' },
    'platform',
    'linux-arm64, glibc 2.36: found linux on arm64, expected Linux on x86-64',
    'a system or',
  ],
  [{ glibc: null }, 'platform', 'linux-x64, no glibc: found musl as the C library', 'a system or'],
])('a machine with %o is not ready, and the remedy for it is printed first', (change, name, found, remedy) => {
  const diagnosis = diagnose({ platform: 'linux', arch: 'x64', node: '22.12.0', glibc: '2.36', ...change });
  expect(diagnosis.ready).toBe(false);
  expect(checkOf(diagnosis)(name)?.found).toContain(found);
  expect(diagnosis.next).toContain(remedy);
});

it('an error while loading libtorch ends with the advice to run doctor', () => {
  const { stderr } = runCli(['libtorch', 'path'], { env: nothing });
  expect(stderr.trimEnd().endsWith(ADVICE)).toBe(true);
});

describe.skipIf(!hasCompiler)('with libraries compiled for the test (skipped without a C compiler)', () => {
  it('a libtorch that crashes while it opens is named, and doctor continues', () => {
    const root = path.join(empty, 'crashing');
    for (const name of ['libc10.so', 'libtorch_cpu.so'])
      compileLibrary(
        path.join(root, 'lib', name),
        '#include <stdlib.h>\n__attribute__((constructor)) static void crash(void) { abort(); }',
      );
    fs.writeFileSync(path.join(root, 'build-version'), '2.11.0+cpu');
    const { status, candidates } = doctor({ ...nothing, LIBTORCH: root });
    expect(status).toBe(1);
    expect(candidates[0]?.verdict).toBe('2.11.0+cpu, CPU only, does not open: crashes with SIGABRT while it is opened');
  });

  const gpu = (version: number) => ({
    ...nothing,
    LD_LIBRARY_PATH: fakeDriver(path.join(empty, `driver-${version}`), version),
    LIBTORCH: path.join(empty, 'cpu', 'torch'),
  });

  it('an unused GPU is reported with the reason and the command, and the CPU stays usable', () => {
    cpuOnlyLibtorch(path.join(empty, 'cpu'));
    const old = doctor(gpu(12040));
    expect(old.status).toBe(0);
    expect(old.check('GPU')?.found).toBe(
      'Test GPU (8.0 GiB) is not used: the NVIDIA driver supports CUDA 12.4, expected 13.0 or newer',
    );
    expect(old.next).toContain('install NVIDIA driver 580 or newer');
    const cpuOnly = doctor(gpu(13000));
    expect(cpuOnly.check('driver')?.found).toBe('NVIDIA, supports CUDA 13.0');
    expect(cpuOnly.check('GPU')?.found).toBe('Test GPU (8.0 GiB) is not used: this libtorch is for the CPU only');
    expect(cpuOnly.next).toBe('npx nodule-train libtorch install --cuda');
  });

  it('code that asks for CUDA gets one warning and can query the reason', () => {
    const program = `const { cuda } = await import(${JSON.stringify(torchUrl)});
      console.log(JSON.stringify([cuda.isAvailable(), cuda.isAvailable(), cuda.unavailableReason()]));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      env: { ...process.env, ...gpu(13000) },
    });
    const reason = 'this libtorch is for the CPU only';
    const command = 'npx nodule-train libtorch install --cuda';
    expect(JSON.parse(stdout)).toEqual([false, false, `${reason}; to use the GPU: ${command}`]);
    const line =
      `[gpu-unused] NoduleTrainWarning: The GPU Test GPU (8.0 GiB) is not used: ${reason}. ` + `To use it: ${command}`;
    expect(stderr.split(line)).toHaveLength(2);
  });
});
