// Makes everything that demo and test need: packages, libtorch, the addon, the compiled TypeScript. What is fresh
// (by content, never by time) is left alone, so a second run takes well under a second.
//   --build   build the addon and the TypeScript also where nothing changed
//   --quiet   say only what goes wrong
//   --cuda    build the CUDA plugin too, and fetch nvcc for it where there is none; without it, the plugin is built
//             where an nvcc is found
//   --no-cuda never build the CUDA plugin
import fs from 'node:fs';
import path from 'node:path';
import { searchPath } from '../../src/runtime/environment.js';
import { withLock } from '../../src/runtime/files/lock.js';
import { installLibtorch } from '../../src/runtime/libtorch/installLibtorch.js';
import { findLibtorch, inspectLibtorch } from '../../src/runtime/libtorch/libtorch.js';
import { NODE_WANTED, nodeFits } from '../../src/runtime/libtorch/platform.js';
import { progressBar } from '../../src/runtime/progressBar.js';
import { runCommand } from '../../src/runtime/runCommand.js';
import { fetchLibdeflate } from './libdeflate.mjs';
import { fetchNvcc, findNvcc } from './nvcc.mjs';
import { job, setQuiet, tell } from './status.mjs';
import { contentHash, filesBelow, readText, root, say } from './steps.mjs';

const flags = new Set(process.argv.slice(2));
const force = flags.has('--build');
setQuiet(flags.has('--quiet'));
for (const flag of flags)
  if (!['--build', '--quiet', '--cuda', '--no-cuda'].includes(flag)) {
    say(`set-up: unknown option '${flag}'; it knows --build, --quiet, --cuda and --no-cuda`);
    process.exit(2);
  }
if (flags.has('--cuda') && flags.has('--no-cuda')) {
  say('set-up: --cuda and --no-cuda exclude each other');
  process.exit(2);
}

if (!nodeFits(process.versions.node)) {
  say(`set-up: this is Node ${process.version}; wanted is ${NODE_WANTED}`);
  process.exit(1);
}

const inRoot = (...parts) => path.join(root, ...parts);
const json = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

class StepFailed extends Error {}

const command = (title, program, args) =>
  job(title, async (detail) => {
    const { code, signal, output } = await runCommand(program, args, { onLine: detail, cwd: root });
    if (code === 0) return;
    const line = `${program} ${args.join(' ')}`;
    throw new StepFailed(`${output.trimEnd()}\nset-up: ${title} failed (${signal ?? `exit code ${code}`}): ${line}`);
  });

/** What npm installed says itself in node_modules/.package-lock.json, which it writes last. */
const packages = {
  isFresh: () => {
    const installed = inRoot('node_modules', '.package-lock.json');
    if (!fs.existsSync(installed)) return false;
    const have = json(installed).packages;
    return Object.entries(json(inRoot('package-lock.json')).packages).every(([name, wanted]) => {
      const found = have[name];
      if (name === '' || found === undefined) return name === '' || wanted.optional === true;
      return found.version === wanted.version && found.integrity === wanted.integrity;
    });
  },
  make: () => command('packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund']),
};

const libtorch = {
  /** One with headers, or null where there is none. One that LIBTORCH names wrongly is an error. */
  find: () => {
    try {
      return findLibtorch({ headers: true });
    } catch (error) {
      if (error.code === 'libtorch-missing') return null;
      throw error;
    }
  },
  make: () =>
    job('libtorch', (detail) =>
      installLibtorch({
        onProgress: ({ phase, holder, ...bytes }) =>
          detail(holder ? `${phase} for ${holder}` : `${phase} ${progressBar(bytes)}`),
      }),
    ),
};

/** cmake-js would say this in a page of text. */
const checkTools = () => {
  const has = (name) => searchPath().some((folder) => fs.existsSync(path.join(folder, name)));
  const groups = [['cmake'], ['c++', 'g++', 'clang++'], ['ninja', 'make']];
  const missing = groups.filter((names) => !names.some(has)).map((names) => names.join(' or '));
  if (missing.length > 0)
    throw new StepFailed(
      `set-up: the addon is compiled from C++; not on PATH: ${missing.join(', ')}. Wanted are CMake 3.18, a C++17 compiler and make (Debian: apt-get install cmake g++ make)`,
    );
};

const nativeStamp = inRoot('build', 'addon.stamp');
const configureStamp = inRoot('build', 'configure.stamp');
const inRelease = (name) => inRoot('build', 'Release', name);
const addonFiles = ['nodule-train.node', 'torch_addon.node'].map(inRelease);
const pluginFile = inRelease('nodule_cuda.so');

/**
 * The compiler of the CUDA plugin, or null where it is not built. The one of the last configuration is not tried again.
 * @param {string} last its nvcc
 * @param {string} lastInclude
 */
const chooseNvcc = async (last, lastInclude) => {
  if (flags.has('--no-cuda')) return null;
  if (last !== '' && fs.existsSync(last)) return { nvcc: last, include: lastInclude };
  if (flags.has('--cuda')) return job('nvcc (99 MB)', fetchNvcc);
  const { found, reasons } = findNvcc();
  if (found === null)
    tell(`set-up: the CUDA plugin is not built: ${reasons.join('; ')} (npm run build -- --cuda fetches one, 99 MB)`);
  return found;
};

/** Folder of libdeflate's sources, '' where they cannot be had. */
const findLibdeflate = async () => {
  const { folder, reason } = await fetchLibdeflate(() => {});
  if (folder === null)
    tell(`set-up: the addon is built without libdeflate, so that scans unpack more slowly: ${reason}`);
  return folder ?? '';
};

const addon = {
  // Where libtorch lies does not matter to the result: no path is baked in, and the headers are those of the version.
  configureHash: ({ version }) => {
    const locked = json(inRoot('package-lock.json')).packages;
    const used = ['node-addon-api', 'node-api-headers', 'cmake-js'];
    return contentHash(
      ['CMakeLists.txt', 'scripts/setup/libdeflate-requirements.txt', ...filesBelow('cmake')],
      [version, ...used.map((name) => locked[`node_modules/${name}`].version)],
    );
  },
  hash: (found) =>
    contentHash(
      filesBelow('binding', (name) => /\.(cc|h|cu|cuh)$/.test(name)),
      [addon.configureHash(found)],
    ),
  isFresh: (found) =>
    addonFiles.every((file) => fs.existsSync(file)) &&
    (!flags.has('--cuda') || fs.existsSync(pluginFile)) &&
    (!flags.has('--no-cuda') || !fs.existsSync(pluginFile)) &&
    readText(nativeStamp) === addon.hash(found),
  make: async (found) => {
    checkTools();
    const hash = addon.hash(found);
    const configureHash = addon.configureHash(found);
    const [configured, configuredRoot = '', lastNvcc = '', lastInclude = '', lastLibdeflate = ''] = (
      readText(configureStamp) ?? ''
    ).split('\n');
    // Another path to the same headers would compile everything anew.
    const kept = typeof inspectLibtorch({ source: 'cache', root: configuredRoot }, true) !== 'string';
    const torchRoot = kept ? configuredRoot : found.root;
    const { nvcc, include } = (await chooseNvcc(lastNvcc, lastInclude)) ?? { nvcc: '', include: '' };
    const libdeflate = await findLibdeflate();
    const isConfigured =
      kept &&
      configured === configureHash &&
      lastNvcc === nvcc &&
      lastLibdeflate === libdeflate &&
      fs.existsSync(inRoot('build', 'CMakeCache.txt'));
    if (nvcc === '') fs.rmSync(pluginFile, { force: true });
    const cmakeJs = inRoot('node_modules', 'cmake-js', 'bin', 'cmake-js');
    const variables = { TORCH_ROOT: torchRoot, NVCC: nvcc, CUDA_INCLUDE: include, LIBDEFLATE: libdeflate };
    const common = Object.entries(variables).map(([name, value]) => `--CD${name}=${value}`);
    common.push('--parallel', '2');
    // `build` alone would keep a stale cache of CMake, `compile` would rebuild everything after any error.
    if (!isConfigured) {
      await command('addon (configure)', process.execPath, [cmakeJs, 'configure', ...common]);
      fs.writeFileSync(configureStamp, [configureHash, torchRoot, nvcc, include, libdeflate].join('\n'));
    }
    await command('addon (compile)', process.execPath, [cmakeJs, 'build', ...common]);
    fs.writeFileSync(nativeStamp, hash);
  },
};

const typesFile = inRoot('src', 'torch', 'operators', 'operatorTypes.generated.ts');
const typesStamp = inRoot('build', 'operatorTypes.stamp');

/** The types of `ops`, which only the loaded addon knows; they are no part of the repository. */
const operatorTypes = {
  hash: (found) =>
    contentHash(
      ['scripts/setup/operator-types.mjs', 'scripts/setup/parseSchema.mjs', 'src/torch/operators/crashingOperators.js'],
      [addon.hash(found)],
    ),
  isFresh: (found) => fs.existsSync(typesFile) && readText(typesStamp) === operatorTypes.hash(found),
  make: async (found) => {
    const hash = operatorTypes.hash(found);
    await command('types of operators', process.execPath, [inRoot('scripts', 'setup', 'operator-types.mjs')]);
    fs.writeFileSync(typesStamp, hash);
  },
};

const distStamp = inRoot('dist', '.stamp');
const typescript = {
  hash: () => contentHash(['tsconfig.json', 'package-lock.json', ...filesBelow('src')]),
  isFresh: () => readText(distStamp) === typescript.hash(),
  make: async () => {
    const hash = typescript.hash();
    await command('TypeScript', process.execPath, [inRoot('node_modules', 'typescript', 'bin', 'tsc')]);
    fs.mkdirSync(inRoot('dist'), { recursive: true });
    fs.writeFileSync(distStamp, hash);
  },
};

const isFresh = () => {
  if (force || !packages.isFresh() || !typescript.isFresh()) return false;
  const found = libtorch.find();
  return found !== null && addon.isFresh(found) && operatorTypes.isFresh(found);
};

/** Runs all to their end; where several fail, all are told. */
const beside = async (...works) => {
  const results = await Promise.allSettled(works);
  const reasons = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  const unexpected = reasons.find((reason) => !(reason instanceof StepFailed) && reason.name !== 'NoduleTrainError');
  if (unexpected !== undefined) throw unexpected;
  if (reasons.length > 0) throw new StepFailed(reasons.map(({ message }) => message).join('\n\n'));
  return results.map(({ value }) => value);
};

const makeAll = async () => {
  const [found] = await beside(libtorch.find() ?? libtorch.make(), packages.isFresh() || packages.make());
  if (force || !addon.isFresh(found)) await addon.make(found);
  if (force || !operatorTypes.isFresh(found)) await operatorTypes.make(found);
  if (force || !typescript.isFresh()) await typescript.make();
};

try {
  if (!isFresh()) {
    const waiting = ({ pid, host }) =>
      tell(`set-up: waiting for process ${pid} on ${host}, which sets up this checkout`);
    await withLock(inRoot('build', 'setup.lock'), waiting, makeAll);
  }
} catch (error) {
  if (!(error instanceof StepFailed) && error.name !== 'NoduleTrainError') throw error;
  tell(error.message);
  process.exitCode = 1;
}
