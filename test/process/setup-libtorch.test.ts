import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { inDist } from '../support/paths.js';
import { scratchFolderPerTest } from '../support/scratch.js';
import { fakeWheels, type Pin } from '../support/wheels.js';

const installer = pathToFileURL(inDist('runtime', 'libtorch', 'installLibtorch.js')).href;
const python = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
const linux = process.platform === 'linux' && process.arch === 'x64';

const folder = scratchFolderPerTest('setup');
let wheels: string;
let pins: Pin[];
beforeEach(() => {
  wheels = path.join(folder, 'wheels');
  pins = fakeWheels(wheels);
});

const cache = () => path.join(folder, 'cache', 'nodule-train');
const installed = () => path.join(cache(), 'libtorch-2.11.0-cpu');
const left = () => fs.readdirSync(cache()).sort();

interface Outcome {
  code: number | null;
  signal: string | null;
  phases: string[];
  error: { code: string; message: string } | null;
}

/** Installs in a child process; `onProgress` is the source text of a function. */
const install = (
  options: { from?: string | null; pins?: Pin[]; env?: Record<string, string>; onProgress?: string } = {},
): Promise<Outcome> => {
  const given = { from: options.from === undefined ? wheels : options.from, wheels: options.pins ?? pins };
  const program = `
    const { installLibtorch } = await import(${JSON.stringify(installer)});
    const phases = [];
    const report = (error) => console.log(JSON.stringify({ phases: [...new Set(phases)], error }));
    const onProgress = ({ phase }) => { phases.push(phase); (${options.onProgress ?? '() => {}'})(phase); };
    await installLibtorch({ ...${JSON.stringify(given)}, onProgress }).then(
      () => report(null), ({ code, message }) => report({ code, message }));`;
  const env = {
    ...process.env,
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: wheels,
    ...options.env,
  };
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, ...(output === '' ? { phases: [], error: null } : JSON.parse(output)) });
    });
  });
};

describe.skipIf(!linux)('installing libtorch (Linux on x86-64 only)', () => {
  it('unpacks libraries, headers, version and licences from a folder of wheels, and no Python code', async () => {
    // An empty PATH: neither Python nor a network is asked for.
    expect(await install({ env: { PATH: folder } })).toMatchObject({ code: 0, error: null, phases: ['unpacking'] });
    const files = fs
      .readdirSync(installed(), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(installed(), path.join(entry.parentPath, entry.name)));
    expect(files.sort()).toEqual([
      'nvidia/cu13/lib/libcudart.so.13',
      'nvidia_cuda_runtime-13.0.96.dist-info/licenses/LICENSE',
      'torch-2.11.0.dist-info/licenses/LICENSE',
      'torch/include/ATen/ATen.h',
      'torch/lib/libc10.so',
      'torch/lib/libtorch_cpu.so',
      'torch/version.py',
    ]);
    expect(
      fs.readFileSync(path.join(installed(), 'torch/lib/libtorch_cpu.so')).equals(Buffer.alloc(12_000_000, 7)),
    ).toBe(true);
    expect(left()).toEqual(['libtorch-2.11.0-cpu']);
    expect(await install({ from: path.join(folder, 'nowhere') })).toMatchObject({ error: null, phases: [] });
  });

  it('twice at once: one process installs, the other waits and uses the result', async () => {
    const slow = '() => { const end = Date.now() + 200; while (Date.now() < end); }';
    const outcomes = await Promise.all([install({ onProgress: slow }), install({ onProgress: slow })]);
    expect(outcomes.map(({ error }) => error)).toEqual([null, null]);
    expect(outcomes.map(({ phases }) => phases.join()).sort()).toEqual(['unpacking', 'waiting']);
    expect(left()).toEqual(['libtorch-2.11.0-cpu']);
  });

  it('a kill in the middle leaves no half-made installation, and the next one cleans up', async () => {
    expect((await install({ onProgress: "() => process.kill(process.pid, 'SIGKILL')" })).signal).toBe('SIGKILL');
    expect(fs.existsSync(installed())).toBe(false);
    expect(left().some((name) => name.startsWith('.tmp-libtorch-'))).toBe(true);
    expect(await install()).toMatchObject({ code: 0, error: null });
    expect(left()).toEqual(['libtorch-2.11.0-cpu']);
  });

  it('a wheel with other bytes is refused by its hash', async () => {
    const [torch] = fs.readdirSync(wheels).filter((name) => name.startsWith('torch'));
    fs.truncateSync(path.join(wheels, torch as string), 5000);
    const { error } = await install();
    expect(error?.code).toBe('wheel-broken');
    expect(error?.message).toContain(`found ${torch} with SHA-256 `);
    expect(error?.message).toContain(`expected the wheel with SHA-256 ${pins[0]?.sha256}`);
    expect(left()).toEqual([]);
  });

  it('a folder without the wheels is refused with the name of the missing one', async () => {
    fs.rmSync(wheels, { recursive: true });
    fs.mkdirSync(wheels);
    expect((await install()).error).toMatchObject({ code: 'wheel-missing' });
    expect((await install()).error?.message).toContain('found no torch-2.11.0-*.whl, expected the wheel with SHA-256');
  });

  it('without Python the error names every other way to install', async () => {
    const { error } = await install({ from: null, env: { PATH: folder } });
    expect(error?.code).toBe('python-missing');
    expect(error?.message).toBe(
      'installing libtorch: pip downloads its wheels, and there is no python3 on PATH. ' +
        'Install it (Debian: apt-get install python3-pip), or download the wheels elsewhere and run ' +
        "'npx nodule-train libtorch install --from FOLDER', or set LIBTORCH to an existing libtorch. " +
        'Python is needed for this download only.',
    );
    expect(left()).toEqual([]);
  });

  it('a Python without pip is named in the error', async () => {
    fs.writeFileSync(path.join(folder, 'python3'), '#!/bin/sh\necho "No module named pip" >&2\nexit 1\n', {
      mode: 0o755,
    });
    const { error } = await install({ from: null, env: { PATH: folder } });
    expect(error).toMatchObject({ code: 'python-missing' });
    expect(error?.message).toContain(`${path.join(folder, 'python3')} has no pip (No module named pip)`);
  });
});

describe.skipIf(!linux || !python)('downloading libtorch with pip (Linux on x86-64 only, skipped without pip)', () => {
  it("takes the pinned wheels, whatever the user's pip settings are", async () => {
    const outcome = await install({ from: null, env: { PIP_REQUIRE_VIRTUALENV: '1', PIP_USER: '1' } });
    expect(outcome.error).toBeNull();
    expect(left()).toEqual(['libtorch-2.11.0-cpu']);
  });

  it('a broken download is tried twice, then fails with one error', async () => {
    const wrong = pins.map((pin) => ({ ...pin, sha256: '0'.repeat(64) }));
    const { error } = await install({ from: null, pins: wrong });
    expect(error?.code).toBe('download-failed');
    expect(error?.message).toMatch(
      /^installing libtorch: pip could not download torch 2\.11\.0, .* in two attempts\. Its last line: ERROR: .*HASH/s,
    );
    expect(left()).toEqual([]);
  });
});

const disk = (work: (mount: string) => Promise<void>) => async () => {
  const mount = path.join(folder, 'cache');
  fs.mkdirSync(mount);
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]).status).toBe(0);
  try {
    await work(mount);
  } finally {
    spawnSync('umount', [mount]);
  }
};

const canMount = (() => {
  const probe = fs.mkdtempSync(path.join(os.tmpdir(), 'nodule-train-mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe]);
  if (status === 0) spawnSync('umount', [probe]);
  fs.rmdirSync(probe);
  return status === 0;
})();

describe.skipIf(!linux || !canMount)('on a full disk (skipped unless this user may mount a tmpfs)', () => {
  it(
    'a download is refused before it starts, with the free and the needed space',
    disk(async () => {
      const { error } = await install({ from: null });
      expect(error?.code).toBe('disk-full');
      expect(error?.message).toContain(`installing libtorch into ${cache()}: found 5 MB free, expected 1300 MB.`);
      expect(left()).toEqual([]);
    }),
  );

  it(
    'unpacking is refused likewise',
    disk(async () => {
      const { error } = await install();
      expect(error?.message).toMatch(/: found \d MB free, expected 13 MB\. Free space/);
      expect(left()).toEqual([]);
    }),
  );
});
