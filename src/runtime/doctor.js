import fs from 'node:fs';
import os from 'node:os';
import { cacheFolder } from './environment.js';
import { findInflater } from './files/inflater.js';
import { inspectLibtorch, libtorchPlaces } from './libtorch/findLibtorch.js';
import { cudaVersion, gpuNames, unusedGpuOf } from './libtorch/gpu.js';
import { addonFiles, chooseLibtorch, loadLoader, packageRoot, probeCuda } from './libtorch/load.js';
import { ADVICE } from './libtorch/loadError.js';
import { openInChild } from './libtorch/openInChild.js';
import { NODE_WANTED, nodeFits, platformFault, thisMachine } from './libtorch/platform.js';
import { GLIBC_FLOOR, PACKAGE_VERSION } from './versions.js';

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {'ok' | 'note' | 'missing'} state `note`: works, with less; `missing`: training cannot run
 * @property {string} found
 * @property {string | null} remedy the command (or change) that fixes it
 *
 * @typedef {object} Candidate a place that is searched for libtorch, in search order
 * @property {import('./libtorch/findLibtorch.js').LibtorchSource} source
 * @property {string} root
 * @property {boolean} usable
 * @property {string} verdict
 * @property {import('./libtorch/gpu.js').UnusedGpu | null} unusedGpu a GPU of this machine that it cannot use
 *
 * @typedef {object} Diagnosis
 * @property {boolean} ready whether training can run, on the CPU at least
 * @property {Check[]} checks
 * @property {Candidate[]} candidates
 * @property {string | null} next the command to run next, null if nothing needs fixing
 */

const REBUILD = 'npm install nodule-train (in a clone: npm run build)';
const INSTALL = 'npx nodule-train libtorch install';

/** Message of an error, without the advice to run `doctor`. @param {unknown} error */
const messageOf = (error) => {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(ADVICE, '').replace(/[;.\s]+$/, '');
};

/** @param {Required<import('./libtorch/platform.js').Machine>} machine @returns {Check} */
const platformCheck = (machine) => {
  // nodeCheck judges the version of Node.
  const fault = platformFault({ ...machine, node: '22.12.0' });
  const glibc = machine.glibc === null ? 'no glibc' : `glibc ${machine.glibc}`;
  const found = `${machine.platform}-${machine.arch}, ${glibc}`;
  if (fault === null) return { name: 'platform', state: 'ok', found, remedy: null };
  const remedy = `a system or container with Linux on x86-64 and glibc ${GLIBC_FLOOR} or newer`;
  const reason = messageOf(fault).replace(/^loading nodule-train: /, '');
  return { name: 'platform', state: 'missing', found: `${found}: ${reason}`, remedy };
};

/** @param {string} version @returns {Check} */
const nodeCheck = (version) => {
  const fits = nodeFits(version);
  return {
    name: 'Node',
    state: fits ? 'ok' : 'missing',
    found: `v${version}`,
    remedy: fits ? null : `use Node ${NODE_WANTED}`,
  };
};

/** @returns {Check} */
const packageCheck = () => {
  const found = `nodule-train ${PACKAGE_VERSION} in ${packageRoot}`;
  try {
    const { main, built } = addonFiles();
    if (!fs.existsSync(main)) throw new Error(`${main} does not exist`);
    return {
      name: 'package',
      state: 'ok',
      found: `${found}, addon ${built ? 'built here' : 'prebuilt'}`,
      remedy: null,
    };
  } catch (error) {
    return { name: 'package', state: 'missing', found: `${found}: ${messageOf(error)}`, remedy: REBUILD };
  }
};

/** @returns {Check} */
const inflaterCheck = () => {
  const { inflater, reason } = findInflater();
  if (inflater !== null) return { name: 'inflater', state: 'ok', found: inflater.name, remedy: null };
  const found = `node:zlib, slower than libdeflate: ${messageOf(new Error(reason ?? ''))}`;
  return { name: 'inflater', state: 'note', found, remedy: REBUILD };
};

/** @returns {Check} */
const processorCheck = () => {
  const [cpu] = os.cpus();
  let flags = '';
  try {
    flags = fs.readFileSync('/proc/cpuinfo', 'utf8').match(/^flags\s*:(.*)$/m)?.[1] ?? '';
  } catch {
    // There is no /proc outside Linux.
  }
  const has = ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16'].filter((flag) => ` ${flags} `.includes(` ${flag} `));
  const found = [
    cpu?.model.trim() ?? 'unknown',
    `${os.availableParallelism()} cores`,
    `${(os.totalmem() / 1e9).toFixed(1)} GB`,
    has.join(' ') || 'no AVX2',
  ];
  return { name: 'processor', state: 'ok', found: found.join(', '), remedy: null };
};

/** @returns {Check} */
const cacheCheck = () => {
  const folder = cacheFolder();
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.accessSync(folder, fs.constants.W_OK);
    const { bavail, bsize } = fs.statfsSync(folder);
    return {
      name: 'cache',
      state: 'ok',
      found: `${folder}, ${((bavail * bsize) / 1e9).toFixed(1)} GB free`,
      remedy: null,
    };
  } catch (error) {
    const remedy = 'set XDG_CACHE_HOME to a writable folder';
    return { name: 'cache', state: 'note', found: `${folder}: ${messageOf(error)}`, remedy };
  }
};

/**
 * Judges every place in search order. A libtorch of the right version is opened in a child process.
 * @param {import('./libtorch/gpu.js').CudaProbe | null} probe null if nothing can be opened
 * @returns {Candidate[]}
 */
const judgeCandidates = (probe) =>
  libtorchPlaces().map(({ source, root }) => {
    const found = inspectLibtorch({ source, root });
    if (typeof found === 'string') return { source, root, usable: false, verdict: found, unusedGpu: null };
    const what = `${found.version}, ${found.cuda ? 'with CUDA' : 'CPU only'}`;
    if (probe === null)
      return {
        source,
        root,
        usable: true,
        verdict: `${what}, not opened because the addon is missing`,
        unusedGpu: null,
      };
    const { opens, reason, unusedGpu, seconds, kept } = openInChild(found, probe);
    const verdict = opens
      ? `${what}, opens in ${seconds.toFixed(1)} s${kept ? ' (cached)' : ''}`
      : `${what}, does not open: ${messageOf(reason)}`;
    return { source, root, usable: opens, verdict, unusedGpu };
  });

/**
 * @param {Candidate[]} candidates
 * @param {import('./libtorch/gpu.js').CudaProbe | null} probe
 * @returns {{check: Check, chosen: (Candidate & {cuda: boolean}) | null}}
 */
const libtorchCheck = (candidates, probe) => {
  try {
    const libtorch = chooseLibtorch(probe ?? { driver: 0, devices: 0, gpus: [], reason: 'unknown' });
    const candidate = candidates.find(({ root }) => root === libtorch.root);
    if (candidate === undefined) throw new Error(`${libtorch.root} is not among the places that are searched`);
    const chosen = { ...candidate, cuda: libtorch.cuda };
    const found = `${chosen.root} (${chosen.source}): ${chosen.verdict}`;
    if (chosen.usable) return { check: { name: 'libtorch', state: 'ok', found, remedy: null }, chosen };
    const other = candidates.find(({ usable }) => usable);
    const remedy = other === undefined ? INSTALL : `export LIBTORCH='${other.root}'`;
    return { check: { name: 'libtorch', state: 'missing', found, remedy }, chosen };
  } catch (error) {
    const [found = ''] = messageOf(error).split(/[;\n]/);
    const remedy = candidates[0]?.source === 'LIBTORCH' ? 'unset LIBTORCH' : INSTALL;
    return { check: { name: 'libtorch', state: 'missing', found, remedy }, chosen: null };
  }
};

/** @returns {import('./libtorch/gpu.js').CudaProbe | string} the driver's answer, or why it could not be queried */
const queryDriver = () => {
  try {
    return probeCuda(loadLoader());
  } catch (error) {
    return messageOf(error);
  }
};

/**
 * @param {import('./libtorch/gpu.js').CudaProbe | string} probe
 * @param {(Candidate & {cuda: boolean}) | null} chosen
 * @returns {Check[]}
 */
const gpuChecks = (probe, chosen) => {
  if (typeof probe === 'string')
    return [{ name: 'driver', state: 'note', found: `not queried: ${probe}`, remedy: REBUILD }];
  const { driver, devices, gpus, reason } = probe;
  if (devices === 0) return [{ name: 'driver', state: 'note', found: `no GPU: ${reason}`, remedy: null }];
  /** @type {Check} */
  const driverCheck = {
    name: 'driver',
    state: 'ok',
    found: `NVIDIA, supports CUDA ${cudaVersion(driver)}`,
    remedy: null,
  };
  const names = gpuNames(gpus) || `${devices} GPU`;
  const unused = chosen?.unusedGpu ?? unusedGpuOf(probe, chosen?.cuda ?? false, null);
  if (unused === null) return [driverCheck, { name: 'GPU', state: 'ok', found: names, remedy: null }];
  const found = `${names} is not used: ${unused.reason}`;
  return [driverCheck, { name: 'GPU', state: 'note', found, remedy: unused.command }];
};

/**
 * Checks what is installed and what is missing, with the command that fixes each. Downloads nothing.
 * @param {Required<import('./libtorch/platform.js').Machine>} [machine] another machine than this one (for tests)
 * @returns {Diagnosis}
 */
export function diagnose(machine = thisMachine()) {
  const own = packageCheck();
  const answer = queryDriver();
  const probe = typeof answer === 'string' ? null : answer;
  const candidates = judgeCandidates(own.state === 'ok' ? probe : null);
  const { check, chosen } = libtorchCheck(candidates, probe);
  /** @type {Check[]} */
  const checks = [
    platformCheck(machine),
    nodeCheck(machine.node),
    own,
    inflaterCheck(),
    processorCheck(),
    cacheCheck(),
    check,
    ...gpuChecks(answer, chosen),
  ];
  const worst = checks.find(({ state }) => state === 'missing') ?? checks.find(({ remedy }) => remedy !== null);
  return {
    ready: checks.every(({ state }) => state !== 'missing'),
    checks,
    candidates,
    next: worst?.remedy ?? null,
  };
}
