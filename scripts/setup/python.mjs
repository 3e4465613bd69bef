// Makes the pinned environment of Python peers in the cache, where it is not there yet.
//   --path   print its interpreter (the only thing on stdout)
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder, searchPath } from '../../src/runtime/environment.js';
import { NoduleTrainError } from '../../src/runtime/error.js';
import { withLock } from '../../src/runtime/files/lock.js';
import { PEERS_COMPLETE } from '../../src/runtime/libtorch/libtorch.js';
import { runCommand } from '../../src/runtime/runCommand.js';
import { peersFolder, peersPython, requirements } from './peers.mjs';
import { say } from './steps.mjs';

const NEEDED_GB = 9;

// A user's pip.conf must not decide where this goes.
const pipEnvironment = (temporary) => ({
  ...process.env,
  PIP_REQUIRE_VIRTUALENV: '0',
  PIP_USER: '0',
  PIP_NO_INPUT: '1',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PYTHONNOUSERSITE: '1',
  TMPDIR: temporary,
});

/** The first Python of 3.11 or newer on PATH. */
const hostPython = () => {
  const seen = [];
  for (const name of ['python3', 'python3.13', 'python3.12', 'python3.11'])
    for (const folder of searchPath()) {
      const file = path.join(folder, name);
      if (!fs.existsSync(file)) continue;
      const { stdout } = spawnSync(file, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
        encoding: 'utf8',
      });
      const version = (stdout ?? '').trim();
      const [major, minor] = version.split('.').map(Number);
      if (major === 3 && minor >= 11) return file;
      seen.push(`${file} (${version || 'does not run'})`);
    }
  throw new NoduleTrainError(
    'python-missing',
    `Making the environment of Python peers: wanted is Python 3.11 or newer on PATH, found ${seen.length === 0 ? 'none' : seen.join(', ')}. Install it (Debian: apt-get install python3 python3-venv) and run again.`,
  );
};

const must = async (what, command, args, env) => {
  const { code, output } = await runCommand(command, args, {
    env,
    onLine: (line) => {
      const [, what] = line.match(/^\s*Downloading (\S+ \(\d\d+\.\d MB\))/) ?? [];
      if (what !== undefined) say(`python: downloading ${what}`);
    },
  });
  if (code === 0) return;
  const lines = output.trim().split('\n');
  throw new NoduleTrainError(
    'python-environment',
    `Making the environment of Python peers: ${what} failed: ${lines.at(-1)}`,
  );
};

const make = async () => {
  if (peersPython() !== null) return;
  const folder = peersFolder();
  const { bavail, bsize } = fs.statfsSync(cacheFolder());
  if (bavail * bsize < NEEDED_GB * 1e9)
    throw new NoduleTrainError(
      'disk-full',
      `Making the environment of Python peers in ${folder}: ${((bavail * bsize) / 1e9).toFixed(1)} GB are free, wanted are ${NEEDED_GB}. Make room, or set XDG_CACHE_HOME to a larger disk.`,
    );
  const python = hostPython();
  const temporary = path.join(cacheFolder(), '.tmp-python');
  // What a killed run left; it is not used half made, as the mark of completeness is written last.
  for (const left of [folder, temporary]) fs.rmSync(left, { recursive: true, force: true });
  fs.mkdirSync(temporary, { recursive: true });
  const started = Date.now();
  say(`python: making ${folder} with ${python} (about 5 GB, some minutes)`);
  const env = pipEnvironment(temporary);
  try {
    await must('python -m venv (Debian: apt-get install python3-venv)', python, ['-m', 'venv', folder], env);
    const install = ['-m', 'pip', 'install', '--require-hashes', '--no-deps', '--only-binary=:all:', '--no-cache-dir'];
    await must(
      'pip install',
      path.join(folder, 'bin', 'python'),
      [...install, '--progress-bar=off', '-r', requirements],
      env,
    );
    fs.writeFileSync(path.join(folder, PEERS_COMPLETE), '');
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
  say(`python: done in ${Math.round((Date.now() - started) / 1000)} s`);
};

try {
  const [flag, ...more] = process.argv.slice(2);
  if (more.length > 0 || ![undefined, '--path'].includes(flag)) {
    say(`python: unknown option '${more[0] ?? flag}'; it knows --path`);
    process.exit(2);
  }
  if (peersPython() === null) {
    fs.mkdirSync(cacheFolder(), { recursive: true });
    const waiting = (holder) => say(`python: waiting for process ${holder.pid} on ${holder.host}, which makes it`);
    await withLock(path.join(cacheFolder(), 'python.lock'), waiting, make);
  }
  if (flag === '--path') console.log(peersPython());
} catch (error) {
  if (error.name !== 'NoduleTrainError') throw error;
  say(error.message);
  process.exitCode = 1;
}
