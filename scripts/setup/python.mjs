// Creates the pinned Python environment in the cache if it is not there yet.
//   --path   print the path of its interpreter (the only output on stdout)
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder, searchPath } from '../../src/runtime/environment.js';
import { NoduleTrainError } from '../../src/runtime/error.js';
import { withLock } from '../../src/runtime/files/lock.js';
import { PEERS_COMPLETE } from '../../src/runtime/libtorch/findLibtorch.js';
import { runCommand } from '../../src/runtime/runCommand.js';
import { peersFolder, peersPython, requirements } from './peers.mjs';
import { installArguments, lastLine, pipEnvironment } from './pip.mjs';
import { say } from './steps.mjs';

const NEEDED_GB = 9;

const failure = (code, text) => new NoduleTrainError(code, `Creating the Python environment: ${text}`);

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
  const found = seen.length === 0 ? 'no Python' : seen.join(', ');
  const remedy = 'Install it (Debian: apt-get install python3 python3-venv) and run again.';
  throw failure('python-missing', `found ${found} on PATH, expected Python 3.11 or newer. ${remedy}`);
};

/** Runs a command that has to succeed. */
const mustRun = async (what, command, args, env) => {
  const { code, output } = await runCommand(command, args, {
    env,
    onLine: (line) => {
      const [, wheel] = line.match(/^\s*Downloading (\S+ \(\d\d+\.\d MB\))/) ?? [];
      if (wheel !== undefined) say(`python: downloading ${wheel}`);
    },
  });
  if (code !== 0) throw failure('python-environment', `${what} failed: ${lastLine(output)}`);
};

const make = async () => {
  if (peersPython() !== null) return;
  const folder = peersFolder();
  const { bavail, bsize } = fs.statfsSync(cacheFolder());
  if (bavail * bsize < NEEDED_GB * 1e9) {
    const found = `found ${((bavail * bsize) / 1e9).toFixed(1)} GB free for ${folder}, expected ${NEEDED_GB}`;
    const remedy = 'Free some space, or set XDG_CACHE_HOME to a folder on a larger disk.';
    throw failure('disk-full', `${found}. ${remedy}`);
  }
  const python = hostPython();
  const temporary = path.join(cacheFolder(), '.tmp-python');
  // Leftovers of a killed run. They were never used, as the mark of completeness is written last.
  for (const left of [folder, temporary]) fs.rmSync(left, { recursive: true, force: true });
  fs.mkdirSync(temporary, { recursive: true });
  const started = Date.now();
  say(`python: creating ${folder} with ${python} (about 5 GB, several minutes)`);
  const env = pipEnvironment(temporary, { PYTHONNOUSERSITE: '1' });
  try {
    await mustRun('python -m venv (Debian: apt-get install python3-venv)', python, ['-m', 'venv', folder], env);
    await mustRun('pip install', path.join(folder, 'bin', 'python'), installArguments(requirements), env);
    fs.writeFileSync(path.join(folder, PEERS_COMPLETE), '');
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
  say(`python: done in ${Math.round((Date.now() - started) / 1000)} s`);
};

try {
  const [flag, ...more] = process.argv.slice(2);
  if (more.length > 0 || ![undefined, '--path'].includes(flag)) {
    say(`python: unknown option '${more[0] ?? flag}', expected --path`);
    process.exit(2);
  }
  if (peersPython() === null) {
    fs.mkdirSync(cacheFolder(), { recursive: true });
    const waiting = ({ pid, host }) => say(`python: waiting for process ${pid} on ${host}, which is creating it`);
    await withLock(path.join(cacheFolder(), 'python.lock'), waiting, make);
  }
  if (flag === '--path') console.log(peersPython());
} catch (error) {
  if (error.name !== 'NoduleTrainError') throw error;
  say(error.message);
  process.exitCode = 1;
}
