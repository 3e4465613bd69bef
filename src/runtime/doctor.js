import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { cacheFolder } from './environment.js';
import { findLibtorch } from './libtorch.js';
import { loadLoader, probeCuda } from './load.js';

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {'ok' | 'note' | 'missing'} state `note`: works, with less; `missing`: training cannot run
 * @property {string} found
 * @property {string | null} remedy the one command (or change) that mends it
 *
 * @typedef {object} Diagnosis
 * @property {boolean} ready whether training can run, on the CPU at least
 * @property {Check[]} checks
 */

const REBUILD = 'npm run build (in a clone), else: npm install nodule-train';
const INSTALL = 'npx nodule-train libtorch install';

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** @returns {Check} */
const nodeCheck = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  const found = `${process.version} on ${process.platform}-${process.arch}`;
  return {
    name: 'Node',
    state: fits ? 'ok' : 'missing',
    found,
    remedy: fits ? null : 'use Node 20.19, 22.12 or newer',
  };
};

/** @returns {Check} */
const processorCheck = () => {
  const [cpu] = os.cpus();
  let flags = '';
  try {
    flags = fs.readFileSync('/proc/cpuinfo', 'utf8').match(/^flags\s*:(.*)$/m)?.[1] ?? '';
  } catch {
    // Not Linux: the model's name has to do.
  }
  const has = ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16'].filter((flag) => ` ${flags} `.includes(` ${flag} `));
  const found = `${cpu?.model.trim() ?? 'unknown'}, ${os.availableParallelism()} cores, ${(os.totalmem() / 1e9).toFixed(1)} GB, ${has.join(' ') || 'no AVX2'}`;
  return { name: 'processor', state: 'ok', found, remedy: null };
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
    const remedy = 'set XDG_CACHE_HOME to a folder that can be written';
    return { name: 'cache', state: 'note', found: `${folder}: ${messageOf(error)}`, remedy };
  }
};

/** @returns {{check: Check, libtorch: import('./libtorch.js').Libtorch | null}} */
const libtorchCheck = () => {
  try {
    const libtorch = findLibtorch();
    const found = `${libtorch.version} at ${libtorch.root} (${libtorch.source})`;
    return { check: { name: 'libtorch', state: 'ok', found, remedy: null }, libtorch };
  } catch (error) {
    const [found = ''] = messageOf(error).split(/[;\n]/);
    return { check: { name: 'libtorch', state: 'missing', found, remedy: INSTALL }, libtorch: null };
  }
};

/** In a child process: a library that crashes while it is opened then has a name. @returns {Check} */
const addonCheck = () => {
  const load = JSON.stringify(new URL('./load.js', import.meta.url).href);
  const program = `const { loadRuntime } = await import(${load});
    try { loadRuntime(); } catch (error) { console.error(error.message); process.exit(1); }`;
  const started = Date.now();
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (child.status === 0)
    return { name: 'addon', state: 'ok', found: `opens with libtorch in ${seconds} s`, remedy: null };
  const reason =
    child.signal === null ? (child.stderr.trim().split('\n').at(-1) ?? '') : `crashed with ${child.signal}`;
  return { name: 'addon', state: 'missing', found: `does not load: ${reason}`, remedy: REBUILD };
};

/** @param {import('./libtorch.js').Libtorch | null} libtorch @returns {Check} */
const cudaCheck = (libtorch) => {
  /** @type {Check} */
  const check = { name: 'CUDA', state: 'note', found: '', remedy: null };
  try {
    const { driver, devices, reason } = probeCuda(loadLoader());
    if (reason !== null) return { ...check, found: `not used: ${reason}` };
    const gpus = `${devices} device${devices === 1 ? '' : 's'}, driver for CUDA ${driver / 1000}`;
    if (libtorch === null || libtorch.cuda) return { ...check, state: 'ok', found: gpus };
    return { ...check, found: `not used: ${gpus}, but this libtorch is for the CPU only`, remedy: `${INSTALL} --cuda` };
  } catch (error) {
    return { ...check, found: `unknown: ${messageOf(error)}`, remedy: REBUILD };
  }
};

/**
 * What is installed, what is missing, and the command that mends each. Downloads nothing.
 * @returns {Diagnosis}
 */
export const diagnose = () => {
  const { check, libtorch } = libtorchCheck();
  /** @type {Check[]} */
  const checks = [nodeCheck(), processorCheck(), cacheCheck(), check];
  if (libtorch !== null) checks.push(addonCheck());
  checks.push(cudaCheck(libtorch));
  return { ready: checks.every(({ state }) => state !== 'missing'), checks };
};
