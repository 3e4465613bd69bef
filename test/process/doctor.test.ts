import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Diagnosis } from '../../dist/runtime/doctor.js';

const main = path.resolve(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const empty = fs.mkdtempSync(path.join(os.tmpdir(), 'nodule-train-doctor-'));
afterAll(() => fs.rmSync(empty, { recursive: true }));

const doctor = (env: NodeJS.ProcessEnv = {}) => {
  const run = spawnSync(process.execPath, [main, 'doctor', '--json'], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status: run.status, ...(JSON.parse(run.stdout) as Diagnosis & { type: string }) };
};
const nothing = { PATH: empty, XDG_CACHE_HOME: empty, VIRTUAL_ENV: '', CONDA_PREFIX: '', LIBTORCH: '' };

it('a machine that is set up is ready, and the addon opens with its libtorch', () => {
  const { status, ready, type, checks } = doctor();
  expect({ status, ready, type }).toEqual({ status: 0, ready: true, type: 'end' });
  expect(checks.map(({ name }) => name)).toEqual(['Node', 'processor', 'cache', 'libtorch', 'addon', 'CUDA']);
  expect(checks.find(({ name }) => name === 'addon')?.found).toMatch(/^opens with libtorch in \d+\.\d s$/);
});

it('without libtorch says so with the command that installs it, in exit status 1', () => {
  const { status, ready, checks } = doctor(nothing);
  expect({ status, ready }).toEqual({ status: 1, ready: false });
  expect(checks.find(({ name }) => name === 'libtorch')).toEqual({
    name: 'libtorch',
    state: 'missing',
    found: 'libtorch 2.11.0 was not found',
    remedy: 'npx nodule-train libtorch install',
  });
});

it('with a damaged libtorch says what the dynamic linker says', () => {
  const root = path.join(empty, 'damaged');
  fs.mkdirSync(path.join(root, 'lib'), { recursive: true });
  for (const name of ['libc10.so', 'libtorch_cpu.so']) fs.writeFileSync(path.join(root, 'lib', name), 'no library');
  fs.writeFileSync(path.join(root, 'build-version'), '2.11.0+cpu');
  const { status, checks } = doctor({ ...nothing, LIBTORCH: root });
  expect(status).toBe(1);
  expect(checks.find(({ name }) => name === 'addon')?.found).toContain(
    `does not load: Opening ${path.join(root, 'lib', 'libc10.so')} (libtorch 2.11.0+cpu, found by LIBTORCH) failed: `,
  );
});
