// The compiler of the CUDA plugin: one that is there (CUDA_HOME, PATH, the cache), or fetched into the cache.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cacheFolder, cudaHome, searchPath } from '../../src/runtime/environment.js';
import { NoduleTrainError } from '../../src/runtime/error.js';
import { withLock } from '../../src/runtime/files/lock.js';
import { runCommand } from '../../src/runtime/runCommand.js';
import { root } from './steps.mjs';

const requirements = path.join(root, 'scripts', 'setup', 'cuda-requirements.txt');
const NEEDED_MB = 600;
/** The CUDA that libtorch 2.11.0 is built with; another major version's runtime has other symbols. */
const MAJOR = '13';

const fetchedFolder = () => {
  const pins = createHash('sha256').update(fs.readFileSync(requirements)).digest('hex').slice(0, 16);
  return path.join(cacheFolder(), `nvcc-${pins}`);
};

/** @typedef {{nvcc: string, include: string}} Nvcc */

const inToolkit = (folder) => ({ nvcc: path.join(folder, 'bin', 'nvcc'), include: path.join(folder, 'include') });

/** Where an nvcc is looked for; a distribution's lies without a folder of its own, so its header is asked for too. */
const places = () => [
  ...(cudaHome() === null ? [] : [inToolkit(cudaHome())]),
  ...searchPath()
    .map((folder) => path.join(folder, 'nvcc'))
    .filter((file) => fs.existsSync(file))
    .map((file) => inToolkit(path.dirname(path.dirname(fs.realpathSync(file))))),
  inToolkit(path.join(fetchedFolder(), 'nvidia', 'cu13')),
];

const KERNEL = `#include <cuda_runtime.h>
__global__ void probe(int* out) { *out = 1; }
void launch(int* out) { probe<<<1, 1>>>(out); }
`;

/** Compiles a kernel: a compiler of C++ that is too new, or a missing part, shows only then. Null, or what is wrong. */
const fault = ({ nvcc, include }) => {
  const { status, stdout, error } = spawnSync(nvcc, ['--version'], { encoding: 'utf8' });
  if (status !== 0) return `does not run${error ? ` (${error.code})` : ''}`;
  const [, version = 'unknown'] = stdout.match(/release ([\d.]+)/) ?? [];
  if (version.split('.')[0] !== MAJOR) return `is of CUDA ${version}, wanted is ${MAJOR}`;
  if (!fs.existsSync(path.join(include, 'cuda_runtime.h'))) return `has no ${path.join(include, 'cuda_runtime.h')}`;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nvcc-'));
  try {
    const source = path.join(folder, 'probe.cu');
    fs.writeFileSync(source, KERNEL);
    const args = ['-std=c++17', '-arch=sm_75', `-I${include}`, '-c', source, '-o', path.join(folder, 'probe.o')];
    const probe = spawnSync(nvcc, args, { encoding: 'utf8' });
    return probe.status === 0
      ? null
      : `cannot compile a kernel: ${`${probe.stderr}${probe.stdout}`.trim().split('\n')[0]}`;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
};

/**
 * The first that compiles a kernel, or why there is none.
 * @returns {{found: Nvcc | null, reasons: string[]}}
 */
export const findNvcc = () => {
  const reasons = [];
  for (const place of places()) {
    if (!fs.existsSync(place.nvcc)) continue;
    const why = fault(place);
    if (why === null) return { found: place, reasons };
    reasons.push(`${place.nvcc} ${why}`);
  }
  if (reasons.length === 0) reasons.push('no nvcc in CUDA_HOME, on PATH or in the cache');
  return { found: null, reasons };
};

const failed = (what) =>
  new NoduleTrainError(
    'nvcc-missing',
    `Fetching nvcc for the CUDA plugin: ${what}. Or install CUDA 13.0 and set CUDA_HOME, or build without --cuda.`,
  );

const make = async (detail) => {
  const folder = fetchedFolder();
  if (fs.existsSync(folder)) return;
  const { bavail, bsize } = fs.statfsSync(cacheFolder());
  if (bavail * bsize < NEEDED_MB * 1e6)
    throw failed(`${Math.floor((bavail * bsize) / 1e6)} MB are free in ${cacheFolder()}, wanted are ${NEEDED_MB}`);
  const temporary = fs.mkdtempSync(path.join(cacheFolder(), '.tmp-nvcc-'));
  try {
    const target = path.join(temporary, 'target');
    const args = ['-m', 'pip', 'install', '--require-hashes', '--no-deps', '--only-binary=:all:', '--no-cache-dir'];
    // All in one command: a second one with the same target would skip the folder that is there and say success.
    const { code, output } = await runCommand(
      'python3',
      [...args, '--progress-bar=off', '--target', target, '-r', requirements],
      {
        // A user's pip.conf must not decide where this goes.
        env: {
          ...process.env,
          PIP_REQUIRE_VIRTUALENV: '0',
          PIP_USER: '0',
          PIP_NO_INPUT: '1',
          PIP_DISABLE_PIP_VERSION_CHECK: '1',
          TMPDIR: temporary,
        },
        onLine: detail,
      },
    ).catch((cause) => {
      throw failed(`pip is needed for the download, and python3 does not run (${cause.code})`);
    });
    if (code !== 0) throw failed(`pip failed: ${output.trim().split('\n').at(-1)}`);
    fs.renameSync(target, folder);
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
};

/**
 * The same, fetched where there is none (99 MB).
 * @param {(line: string) => void} detail what goes on
 * @returns {Promise<Nvcc>}
 */
export const fetchNvcc = async (detail) => {
  const before = findNvcc();
  if (before.found !== null) return before.found;
  fs.mkdirSync(cacheFolder(), { recursive: true });
  const waiting = ({ pid, host }) => detail(`waiting for process ${pid} on ${host}, which fetches it`);
  await withLock(path.join(cacheFolder(), 'nvcc.lock'), waiting, () => make(detail));
  const { found, reasons } = findNvcc();
  if (found === null) throw failed(reasons.join('; '));
  return found;
};
