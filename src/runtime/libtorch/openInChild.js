import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../environment.js';
import { CUDA_PLUGIN } from './gpu.js';
import { addonFiles } from './load.js';

/**
 * @typedef {object} Verdict
 * @property {boolean} opens
 * @property {string | null} reason why it does not open
 * @property {import('./gpu.js').UnusedGpu | null} unusedGpu a GPU that is here and is not used with it
 * @property {number} seconds that opening took
 * @property {boolean} kept whether this is the verdict of an earlier run
 */

/** @param {string} folder @returns {string[]} name, size and time of each library below it, as far as they are readable */
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
 * What a verdict depends on: the libraries, those of NVIDIA beside them, the addon, Node and the driver.
 * @param {import('./libtorch.js').Libtorch} libtorch
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
  const aside = `${verdictFile()}.${process.pid}`;
  try {
    fs.mkdirSync(cacheFolder(), { recursive: true });
    fs.writeFileSync(aside, JSON.stringify(Object.fromEntries([...others, [key, verdict]]), null, 1));
    fs.renameSync(aside, verdictFile());
  } catch {
    // A cache that cannot be written costs half a second the next time.
    fs.rmSync(aside, { force: true });
  }
};

/**
 * Opens a libtorch and the addon in a process of its own, so that a library that crashes while it is opened has a name.
 * A good verdict is kept in the cache, by the libraries' paths, sizes and times, the addon's content and Node's version;
 * a bad one is not, as what it complains of may lie elsewhere.
 * @param {import('./libtorch.js').Libtorch} libtorch
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
    try { console.log(JSON.stringify(loadRuntime().unusedGpu)); } catch (error) { console.error(error.message); process.exit(1); }`;
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
  const said = child.stderr.trim().split('\n').at(-1) ?? '';
  const reason = child.signal === null ? said : `crashes with ${child.signal} while it is opened`;
  return { opens: false, reason, unusedGpu: null, seconds, kept: false };
}
