// Finds the compiler of the CUDA plugin (in CUDA_HOME, on PATH, in the cache), or fetches it into the cache.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cacheFolder, cudaHome, searchPath } from '../../src/runtime/environment.js';
import { NoduleTrainError } from '../../src/runtime/error.js';
import { withLock } from '../../src/runtime/files/lock.js';
import { runCommand } from '../../src/runtime/runCommand.js';
import { installArguments, lastLine, pinnedFolder, pipEnvironment, requirementsFile } from './pip.mjs';

const requirements = requirementsFile('cuda');
const NEEDED_MB = 600;
/** Major version of the CUDA that libtorch 2.11.0 is built with; the runtime of another one has other symbols. */
const MAJOR = '13';

const fetchedFolder = () => pinnedFolder('nvcc', requirements);

/** @typedef {{nvcc: string, include: string}} Nvcc */

const inToolkit = (folder) => ({ nvcc: path.join(folder, 'bin', 'nvcc'), include: path.join(folder, 'include') });

/**
 * Candidates for nvcc. One that a Linux distribution installs has no folder of its own, so `fault` checks its header
 * too.
 */
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

/**
 * What is wrong with an nvcc, or null. It compiles a kernel: a C++ compiler that is too new or a missing part shows
 * only then.
 */
const fault = ({ nvcc, include }) => {
  const { status, stdout, error } = spawnSync(nvcc, ['--version'], { encoding: 'utf8' });
  if (status !== 0) return `does not run${error ? ` (${error.code})` : ''}`;
  const [, version = 'unknown'] = stdout.match(/release ([\d.]+)/) ?? [];
  if (version.split('.')[0] !== MAJOR) return `is of CUDA ${version}, expected ${MAJOR}`;
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
 * Finds the first nvcc that compiles a kernel. `reasons` says why others were passed over.
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
    throw failed(`found ${Math.floor((bavail * bsize) / 1e6)} MB free in ${cacheFolder()}, expected ${NEEDED_MB}`);
  const temporary = fs.mkdtempSync(path.join(cacheFolder(), '.tmp-nvcc-'));
  try {
    const target = path.join(temporary, 'target');
    // All packages in one command: a second one with the same target would skip the existing folder and still succeed.
    const { code, output } = await runCommand('python3', [...installArguments(requirements), '--target', target], {
      env: pipEnvironment(temporary),
      onLine: detail,
    }).catch((cause) => {
      throw failed(`pip is needed for the download, and python3 does not run (${cause.code})`);
    });
    if (code !== 0) throw failed(`pip failed: ${lastLine(output)}`);
    fs.renameSync(target, folder);
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
};

/**
 * Finds an nvcc as `findNvcc` does, and fetches one if there is none (99 MB).
 * @param {(line: string) => void} detail receives progress
 * @returns {Promise<Nvcc>}
 */
export const fetchNvcc = async (detail) => {
  const before = findNvcc();
  if (before.found !== null) return before.found;
  fs.mkdirSync(cacheFolder(), { recursive: true });
  const waiting = ({ pid, host }) => detail(`waiting for process ${pid} on ${host}, which is fetching it`);
  await withLock(path.join(cacheFolder(), 'nvcc.lock'), waiting, () => make(detail));
  const { found, reasons } = findNvcc();
  if (found === null) throw failed(reasons.join('; '));
  return found;
};
