import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLibtorch, libtorchPlaces } from '../../../dist/runtime/libtorch/findLibtorch.js';
import { ADVICE } from '../../../dist/runtime/libtorch/loadError.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const folder = scratchFolderPerTest('libtorch');

const write = (file: string, text = '') => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
};

const place = (root: string, { version = '2.11.0+cu130', headers = true, cuda = false } = {}) => {
  write(path.join(root, 'lib', 'libtorch_cpu.so'));
  write(path.join(root, 'version.py'), `from typing import Optional\n__version__ = '${version}'\ndebug = False\n`);
  if (headers) write(path.join(root, 'include', 'ATen', 'ATen.h'));
  if (cuda) write(path.join(root, 'lib', 'libtorch_cuda.so'));
  return root;
};

const inPrefix = (prefix: string) => path.join(prefix, 'lib', 'python3.12', 'site-packages', 'torch');
const environment = (more: Record<string, string> = {}) => ({
  HOME: folder,
  XDG_CACHE_HOME: path.join(folder, 'cache'),
  ...more,
});
const inCache = (name: string) => path.join(folder, 'cache', 'nodule-train', name, 'torch');
const thrown = (work: () => unknown): { code: string; message: string } => {
  try {
    work();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('nothing was thrown');
};

describe('libtorch is searched for', () => {
  it('in LIBTORCH, then VIRTUAL_ENV, CONDA_PREFIX, the python3 on PATH, then the cache', () => {
    const variable = place(path.join(folder, 'own'));
    const venv = path.join(folder, 'venv');
    const conda = path.join(folder, 'conda');
    const system = path.join(folder, 'system');
    write(path.join(system, 'bin', 'python3'));
    const places = [
      variable,
      ...[venv, conda, system].map((prefix) => place(inPrefix(prefix))),
      place(inCache('libtorch-2.11.0-cpu')),
    ];
    const full = environment({
      LIBTORCH: variable,
      VIRTUAL_ENV: venv,
      CONDA_PREFIX: conda,
      PATH: path.join(system, 'bin'),
    });
    const found: string[] = [];
    for (const drop of ['LIBTORCH', 'VIRTUAL_ENV', 'CONDA_PREFIX', 'PATH', ''])
      found.push(findLibtorch({ environment: full }).root) && delete (full as Record<string, string>)[drop];
    expect(found).toEqual(places);
  });

  it('in the environment that a linked python3 on PATH belongs to, without running it', () => {
    const system = path.join(folder, 'system');
    write(path.join(system, 'bin', 'python3.12'), 'not a program');
    fs.mkdirSync(path.join(folder, 'bin'));
    fs.symlinkSync(path.join(system, 'bin', 'python3.12'), path.join(folder, 'bin', 'python3'));
    place(inPrefix(system));
    expect(findLibtorch({ environment: environment({ PATH: path.join(folder, 'bin') }) })).toMatchObject({
      source: 'python',
      root: inPrefix(system),
    });
  });

  it('in the cache with CUDA before the one without', () => {
    place(inCache('libtorch-2.11.0-cpu'));
    const cuda = place(inCache('libtorch-2.11.0-cu130'), { cuda: true });
    expect(findLibtorch({ environment: environment() })).toMatchObject({ root: cuda, cuda: true, source: 'cache' });
  });

  it('past one for the CPU to one with CUDA if a GPU can be used, but never past LIBTORCH', () => {
    const venv = path.join(folder, 'venv');
    const cpu = place(inPrefix(venv));
    const cuda = place(inCache('libtorch-2.11.0-cu130'), { cuda: true });
    const root = (more: Record<string, string>, preferCuda: boolean) =>
      findLibtorch({ environment: environment({ VIRTUAL_ENV: venv, ...more }), preferCuda }).root;
    expect(root({}, false)).toBe(cpu);
    expect(root({}, true)).toBe(cuda);
    expect(root({ LIBTORCH: cpu }, true)).toBe(cpu);
    fs.rmSync(cuda, { recursive: true });
    expect(root({}, true)).toBe(cpu);
  });

  it('once if lib64 is a link to lib', () => {
    const venv = path.join(folder, 'venv');
    place(inPrefix(venv));
    fs.symlinkSync('lib', path.join(venv, 'lib64'));
    const places = libtorchPlaces(environment({ VIRTUAL_ENV: venv })).filter(({ source }) => source === 'python');
    expect(places).toEqual([{ source: 'python', root: inPrefix(venv) }]);
  });

  it('in an environment of Python peers only if that is complete', () => {
    const peers = path.join(folder, 'cache', 'nodule-train', 'python-0123abcd');
    place(inPrefix(peers));
    expect(thrown(() => findLibtorch({ environment: environment() })).code).toBe('libtorch-missing');
    write(path.join(peers, '.complete'));
    expect(findLibtorch({ environment: environment() }).root).toBe(inPrefix(peers));
  });
});

describe('a libtorch that does not fit', () => {
  it('is an error if LIBTORCH names it: a variable the user set is never skipped', () => {
    place(inCache('libtorch-2.11.0-cpu'));
    const old = place(path.join(folder, 'old'), { version: '2.10.0+cpu' });
    const error = thrown(() => findLibtorch({ environment: environment({ LIBTORCH: old }) }));
    expect(error.code).toBe('libtorch-unusable');
    expect(error.message).toBe(
      `looking for libtorch: LIBTORCH names '${old}', which is libtorch 2.10.0+cpu, expected 2.11.0. ` +
        'Set it to a folder with lib/libtorch_cpu.so of libtorch 2.11.0, ' +
        `or unset it and run: npx nodule-train libtorch install; ${ADVICE}`,
    );
    const missing = path.join(folder, 'nowhere');
    expect(thrown(() => findLibtorch({ environment: environment({ LIBTORCH: missing }) })).message).toContain(
      `names '${missing}', which does not exist`,
    );
  });

  it('is skipped in a Python environment, and the error says why if there is no other', () => {
    const venv = path.join(folder, 'venv');
    place(inPrefix(venv), { version: '2.9.1' });
    const error = thrown(() => findLibtorch({ environment: environment({ VIRTUAL_ENV: venv }) }));
    expect(error.code).toBe('libtorch-missing');
    expect(error.message).toContain(
      'libtorch 2.11.0 was not found; install it with: npx nodule-train libtorch install\n',
    );
    expect(error.message).toContain(`${inPrefix(venv)} (python): is libtorch 2.9.1, expected 2.11.0`);
    expect(error.message).toContain(`${inCache('libtorch-2.11.0-cpu')} (cache): no such folder`);
    place(inCache('libtorch-2.11.0-cpu'));
    expect(findLibtorch({ environment: environment({ VIRTUAL_ENV: venv }) }).source).toBe('cache');
  });

  it('without headers works for running but not for building', () => {
    place(inCache('libtorch-2.11.0-cpu'), { headers: false });
    expect(findLibtorch({ environment: environment() }).include).toBeNull();
    expect(thrown(() => findLibtorch({ environment: environment(), headers: true })).message).toContain(
      'has no headers',
    );
  });

  it('2.11.01 does not count as 2.11.0', () => {
    place(inCache('libtorch-2.11.0-cpu'), { version: '2.11.01' });
    expect(thrown(() => findLibtorch({ environment: environment() })).code).toBe('libtorch-missing');
  });

  it('a zip of libtorch states its version in build-version', () => {
    const zip = path.join(folder, 'zip');
    write(path.join(zip, 'lib', 'libtorch_cpu.so'));
    write(path.join(zip, 'build-version'), '2.11.0+cpu\n');
    expect(findLibtorch({ environment: environment({ LIBTORCH: zip }) }).version).toBe('2.11.0+cpu');
  });
});
