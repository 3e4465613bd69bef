import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../environment.js';
import { replaceJsonSync } from '../files/replaceFile.js';
import { CUDA_PLUGIN } from './gpu.js';
import { addonFiles } from './load.js';

/**
 * @typedef {object} Verdict
 * @property {boolean} opens
 * @property {string | null} reason why it does not open, null if it does
 * @property {import('./gpu.js').UnusedGpu | null} unusedGpu a GPU of this machine that it cannot use
 * @property {number} seconds time it took to open
 * @property {boolean} kept whether the verdict comes from an earlier run
 */

/** @param {string} folder @returns {string[]} name, size and time of each readable library in it */
const librariesOf = (folder) => {
  try {
    return fs
      .readdirSync(folder)
      .filter((name) => /\.so(\.|$)/.test(name))
      .map((name) => {
        const { size, mtimeMs } = fs.statSync(path.join(folder, name));
        return `${folder}/${name} ${size} ${mtimeMs}`;
      });
  } catch {
    return [];
  }
};

/**
 * Hashes what a verdict depends on: the libraries, NVIDIA's beside them, the addon, Node and the driver.
 * @param {import('./findLibtorch.js').Libtorch} libtorch
 * @param {import('./gpu.js').CudaProbe} probe
 */
const keyOf = ({ root, lib }, { driver, devices }) => {
  const nvidia = path.join(path.dirname(root), 'nvidia');
  const folders = fs.existsSync(nvidia) ? fs.readdirSync(nvidia).map((name) => path.join(nvidia, name, 'lib')) : [];
  const { loader, main } = addonFiles();
  const hash = createHash('sha256').update(`${process.version} ${driver} ${devices} ${root}\n`);
  for (const folder of [lib, ...folders]) hash.update(`${librariesOf(folder).join('\n')}\n`);
  for (const file of [loader, main, path.join(path.dirname(main), CUDA_PLUGIN)])
    hash.update(fs.existsSync(file) ? fs.readFileSync(file) : '-');
  return hash.digest('hex');
};

const verdictFile = () => path.join(cacheFolder(), 'verdicts.json');

/** @typedef {{root: string, seconds: number, unusedGpu: import('./gpu.js').UnusedGpu | null}} Kept */

/** @returns {Record<string, Kept>} */
const readVerdicts = () => {
  try {
    return JSON.parse(fs.readFileSync(verdictFile(), 'utf8'));
  } catch {
    return {};
  }
};

/** @param {string} key @param {Kept} verdict */
const keep = (key, verdict) => {
  const others = Object.entries(readVerdicts()).filter(([, { root }]) => root !== verdict.root);
  try {
    fs.mkdirSync(cacheFolder(), { recursive: true });
    replaceJsonSync(verdictFile(), Object.fromEntries([...others, [key, verdict]]));
  } catch {
    // Without a writable cache the next run opens the libtorch again, which takes half a second.
  }
};

/**
 * Opens a libtorch and the addon in a child process, so that a crash while opening is reported instead of ending this
 * process. A good verdict is cached under the libraries' paths, sizes and times, the addon's content and Node's
 * version. A bad one is not, because its cause may be elsewhere.
 * @param {import('./findLibtorch.js').Libtorch} libtorch
 * @param {import('./gpu.js').CudaProbe} probe
 * @returns {Verdict}
 */
export function openInChild(libtorch, probe) {
  const key = keyOf(libtorch, probe);
  const known = readVerdicts()[key];
  if (known !== undefined)
    return { opens: true, reason: null, unusedGpu: known.unusedGpu, seconds: known.seconds, kept: true };
  const load = JSON.stringify(new URL('./load.js', import.meta.url).href);
  const program = `const { loadRuntime } = await import(${load});
    try {
      console.log(JSON.stringify(loadRuntime().unusedGpu));
    } catch (error) {
      console.error(error.message);
      process.exit(1);
    }`;
  const started = Date.now();
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, LIBTORCH: libtorch.root },
  });
  const seconds = (Date.now() - started) / 1000;
  if (child.status === 0) {
    const unusedGpu = JSON.parse(child.stdout);
    keep(key, { root: libtorch.root, seconds, unusedGpu });
    return { opens: true, reason: null, unusedGpu, seconds, kept: false };
  }
  const lastLine = child.stderr.trim().split('\n').at(-1) ?? '';
  const reason = child.signal === null ? lastLine : `crashes with ${child.signal} while it is opened`;
  return { opens: false, reason, unusedGpu: null, seconds, kept: false };
}
