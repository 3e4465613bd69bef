// Prepares the checkout for demo and tests: packages, libtorch, the addon, the compiled TypeScript. Steps whose inputs
// are unchanged (by content, never by time) are skipped, so a second run takes well under a second.
//   --build    build the addon and the TypeScript even if nothing changed
//   --quiet    print errors only
//   --cuda     build the CUDA plugin, and fetch nvcc if none is installed; by default the plugin is built if an nvcc is
//              found
//   --no-cuda  never build the CUDA plugin
import fs from 'node:fs';
import path from 'node:path';
import { searchPath } from '../../src/runtime/environment.js';
import { withLock } from '../../src/runtime/files/lock.js';
import { findLibtorch, inspectLibtorch } from '../../src/runtime/libtorch/findLibtorch.js';
import { installLibtorch } from '../../src/runtime/libtorch/installLibtorch.js';
import { NODE_WANTED, nodeFits } from '../../src/runtime/libtorch/platform.js';
import { progressBar } from '../../src/runtime/progressBar.js';
import { runCommand } from '../../src/runtime/runCommand.js';
import { fetchLibdeflate } from './libdeflate.mjs';
import { fetchNvcc, findNvcc } from './nvcc.mjs';
import { job, setQuiet, tell } from './status.mjs';
import { contentHash, filesBelow, readText, root, say } from './steps.mjs';
import { compiledFiles, compileTypeScript } from './typescript.mjs';

const flags = new Set(process.argv.slice(2));
const force = flags.has('--build');
setQuiet(flags.has('--quiet'));
for (const flag of flags)
  if (!['--build', '--quiet', '--cuda', '--no-cuda'].includes(flag)) {
    say(`set-up: unknown option '${flag}', expected --build, --quiet, --cuda or --no-cuda`);
    process.exit(2);
  }
if (flags.has('--cuda') && flags.has('--no-cuda')) {
  say('set-up: --cuda and --no-cuda contradict each other; give at most one of them');
  process.exit(2);
}

if (!nodeFits(process.versions.node)) {
  say(`set-up: found Node ${process.version}, expected ${NODE_WANTED}`);
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

/** npm records what it installed in node_modules/.package-lock.json, which it writes last. */
const packages = {
  isFresh: () => {
    const installed = inRoot('node_modules', '.package-lock.json');
    if (!fs.existsSync(installed)) return false;
    const have = json(installed).packages;
    return Object.entries(json(inRoot('package-lock.json')).packages).every(([name, locked]) => {
      const found = have[name];
      if (name === '' || found === undefined) return name === '' || locked.optional === true;
      return found.version === locked.version && found.integrity === locked.integrity;
    });
  },
  make: () => command('packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund']),
};

const libtorch = {
  /** A libtorch with headers, or null if there is none. If LIBTORCH names a wrong one, this throws. */
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

/** cmake-js reports a missing tool in a page of text. */
const checkTools = () => {
  const has = (name) => searchPath().some((folder) => fs.existsSync(path.join(folder, name)));
  const groups = [['cmake'], ['c++', 'g++', 'clang++'], ['ninja', 'make']];
  const missing = groups.filter((names) => !names.some(has)).map((names) => names.join(' or '));
  if (missing.length === 0) return;
  const remedy = 'Install CMake 3.18 or newer, a C++17 compiler and make (Debian: apt-get install cmake g++ make).';
  throw new StepFailed(`set-up: compiling the addon: found no ${missing.join(', no ')} on PATH. ${remedy}`);
};

const nativeStamp = inRoot('build', 'addon.stamp');
const configureStamp = inRoot('build', 'configure.stamp');
const inRelease = (name) => inRoot('build', 'Release', name);
const addonFiles = ['nodule-train.node', 'torch_addon.node'].map(inRelease);
const pluginFile = inRelease('nodule_cuda.so');

/**
 * Chooses the compiler of the CUDA plugin; null if the plugin is not built. The nvcc of the last configuration is taken
 * without another test.
 * @param {string} last nvcc of the last configuration
 * @param {string} lastInclude its headers
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

/** Folder of libdeflate's sources, '' if they cannot be fetched. */
const findLibdeflate = async () => {
  const { folder, reason } = await fetchLibdeflate(() => {});
  if (folder === null) tell(`set-up: the addon is built without libdeflate, so scans unpack more slowly: ${reason}`);
  return folder ?? '';
};

const cmakeCache = inRoot('build', 'CMakeCache.txt');

/** Whether CMake configured build/ for this folder. It refuses the cache of a checkout that was copied or moved. */
const isConfiguredHere = () => {
  const home = readText(cmakeCache)?.match(/^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m)?.[1];
  return home !== undefined && fs.existsSync(home) && fs.realpathSync(home) === fs.realpathSync(root);
};

const addon = {
  // libtorch's folder does not change the result: no path is compiled in, and the version determines the headers.
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
    // A new path to the same headers would recompile everything.
    const kept = typeof inspectLibtorch({ source: 'cache', root: configuredRoot }, true) !== 'string';
    const torchRoot = kept ? configuredRoot : found.root;
    const { nvcc, include } = (await chooseNvcc(lastNvcc, lastInclude)) ?? { nvcc: '', include: '' };
    const libdeflate = await findLibdeflate();
    const isConfigured =
      kept && configured === configureHash && lastNvcc === nvcc && lastLibdeflate === libdeflate && isConfiguredHere();
    if (nvcc === '') fs.rmSync(pluginFile, { force: true });
    const cmakeJs = inRoot('node_modules', 'cmake-js', 'bin', 'cmake-js');
    const variables = { TORCH_ROOT: torchRoot, NVCC: nvcc, CUDA_INCLUDE: include, LIBDEFLATE: libdeflate };
    const common = Object.entries(variables).map(([name, value]) => `--CD${name}=${value}`);
    common.push('--parallel', '2');
    // `build` alone would keep a stale CMake cache, `compile` would rebuild everything after any error.
    if (!isConfiguredHere()) fs.rmSync(cmakeCache, { force: true });
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

/** The types of `ops`, read from the loaded addon; they are not in the repository. */
const operatorTypes = {
  hash: (found) =>
    contentHash(
      [
        'scripts/setup/operator-types.mjs',
        'scripts/setup/parseSchema.mjs',
        'src/torch/operators/crashingOperators.js',
        'src/torch/operators/unsafeOperators.js',
        'src/torch/tensor/methodNames.js',
      ],
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
  // The stamp lists the compiled files too, so that a stale or a missing one is noticed.
  stamp: (hash) => [hash, ...compiledFiles()].join('\n'),
  isFresh: () => readText(distStamp) === typescript.stamp(typescript.hash()),
  make: async () => {
    const hash = typescript.hash();
    const { removed } = await job('TypeScript', async () => {
      const compiled = await compileTypeScript();
      if (compiled.fault !== null) throw new StepFailed(`${compiled.fault}\nset-up: TypeScript failed`);
      return compiled;
    });
    if (removed.length > 0 && !flags.has('--quiet'))
      tell(`set-up: removed compiled files whose source is gone: ${removed.length}`);
    fs.writeFileSync(distStamp, typescript.stamp(hash));
  },
};

const isFresh = () => {
  if (force || !packages.isFresh() || !typescript.isFresh()) return false;
  const found = libtorch.find();
  return found !== null && addon.isFresh(found) && operatorTypes.isFresh(found);
};

/** Waits for all to end; if several fail, the error has all their messages. */
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
      tell(`set-up: waiting for process ${pid} on ${host}, which is setting up this checkout`);
    await withLock(inRoot('build', 'setup.lock'), waiting, makeAll);
  }
} catch (error) {
  if (!(error instanceof StepFailed) && error.name !== 'NoduleTrainError') throw error;
  tell(error.message);
  process.exitCode = 1;
}
