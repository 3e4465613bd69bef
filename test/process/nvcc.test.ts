import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';

const folder = scratchFolder('nvcc');

/** A toolkit whose nvcc is a shell script. */
const toolkit = (name: string, script: string, header = true) => {
  const home = path.join(folder, name);
  mkdirSync(path.join(home, 'bin'), { recursive: true });
  mkdirSync(path.join(home, 'include'), { recursive: true });
  if (header) writeFileSync(path.join(home, 'include', 'cuda_runtime.h'), '');
  writeFileSync(path.join(home, 'bin', 'nvcc'), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(home, 'bin', 'nvcc'), 0o755);
  return home;
};

const version = (release: string) => `echo 'Cuda compilation tools, release ${release}, V${release}.88'`;
const both = (release: string, compile: string) =>
  `if [ "$1" = --version ]; then ${version(release)}; else ${compile}; fi`;

const find = (env: Record<string, string>) => {
  const program = `const { findNvcc } = await import('./scripts/setup/nvcc.mjs'); console.log(JSON.stringify(findNvcc()));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
    // The shell that runs the scripts is found without PATH.
    env: { ...process.env, PATH: '', CUDA_HOME: '', XDG_CACHE_HOME: path.join(folder, 'cache'), ...env },
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as { found: { nvcc: string; include: string } | null; reasons: string[] };
};

describe('the search for nvcc', () => {
  it('takes the nvcc of CUDA_HOME, or of PATH, when it compiles a kernel', () => {
    const home = toolkit('good', both('13.0', 'exit 0'));
    const expected = { nvcc: path.join(home, 'bin', 'nvcc'), include: path.join(home, 'include') };
    expect(find({ CUDA_HOME: home })).toEqual({ found: expected, reasons: [] });
    expect(find({ PATH: path.join(home, 'bin') })).toEqual({ found: expected, reasons: [] });
  });

  it('reports where it looked when it finds none', () =>
    expect(find({})).toEqual({ found: null, reasons: ['no nvcc in CUDA_HOME, on PATH or in the cache'] }));

  it.each([
    ['old', both('12.4', 'exit 0'), true, 'is of CUDA 12.4, expected 13'],
    ['broken', 'exit 1', true, 'does not run'],
    ['bare', both('13.0', 'exit 0'), false, 'has no HOME/include/cuda_runtime.h'],
    [
      'picky',
      both('13.1', 'echo unsupported GNU version >&2; exit 1'),
      true,
      'cannot compile a kernel: unsupported GNU version',
    ],
  ])('skips an nvcc that is %s and reports why', (name, script, header, reason) => {
    const home = toolkit(name, script, header);
    const { found, reasons } = find({ CUDA_HOME: home });
    expect(found).toBeNull();
    expect(reasons.map((each) => each.replaceAll(home, 'HOME'))).toEqual([`HOME/bin/nvcc ${reason}`]);
    const good = toolkit('another', both('13.0', 'exit 0'));
    expect(find({ CUDA_HOME: home, PATH: path.join(good, 'bin') }).found?.nvcc).toBe(path.join(good, 'bin', 'nvcc'));
  });
});
