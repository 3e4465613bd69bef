// Makes everything that demo and test need: packages, libtorch, the addon, the compiled TypeScript. What is fresh
// (by content, never by time) is left alone, so a second run takes well under a second.
//   --build   build the addon and the TypeScript also where nothing changed
//   --quiet   say only what goes wrong
import fs from 'node:fs';
import path from 'node:path';
import { findLibtorch } from '../src/runtime/libtorch.js';
import { withLock } from '../src/runtime/lock.js';
import { contentHash, filesBelow, readText, root, runCommand, say } from './steps.mjs';

const flags = new Set(process.argv.slice(2));
const quiet = flags.has('--quiet');
const force = flags.has('--build');
for (const flag of flags)
  if (!['--build', '--quiet'].includes(flag)) {
    say(`set-up: unknown option '${flag}'; it knows --build and --quiet`);
    process.exit(2);
  }

const inRoot = (...parts) => path.join(root, ...parts);
const json = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

class StepFailed extends Error {}

/** Runs one command as a step; on a terminal its last line is shown in place. */
const step = async (title, command, args, env = process.env) => {
  const started = Date.now();
  const terminal = process.stderr.isTTY && !quiet;
  if (!quiet && !terminal) say(`set-up: ${title} …`);
  const width = Math.max(20, (process.stderr.columns ?? 80) - title.length - 14);
  const show = (line) => terminal && process.stderr.write(`\r\x1b[Kset-up: ${title} … ${line.trim().slice(0, width)}`);
  show('');
  const { code, signal, output } = await runCommand(command, args, { onLine: show, env });
  if (terminal) process.stderr.write('\r\x1b[K');
  if (code !== 0)
    throw new StepFailed(
      `${output.trimEnd()}\nset-up: ${title} failed (${signal ?? `exit code ${code}`}): ${command} ${args.join(' ')}`,
    );
  if (!quiet) say(`set-up: ${title} done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
};

/** What npm installed says itself in node_modules/.package-lock.json, which it writes last. */
const packages = {
  isFresh: () => {
    const installed = inRoot('node_modules', '.package-lock.json');
    if (!fs.existsSync(installed)) return false;
    const have = json(installed).packages;
    return Object.entries(json(inRoot('package-lock.json')).packages).every(([name, wanted]) => {
      if (name === '') return true;
      const found = have[name];
      return found === undefined
        ? wanted.optional === true
        : found.version === wanted.version && found.integrity === wanted.integrity;
    });
  },
  make: () => step('packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund']),
};

const nativeStamp = inRoot('build', 'addon.stamp');
const configureStamp = inRoot('build', 'configure.stamp');
const addonFiles = ['nodule-train.node', 'torch_addon.node'].map((name) => inRoot('build', 'Release', name));

const addon = {
  configureHash: (libtorch) => contentHash(['CMakeLists.txt', 'package-lock.json'], [libtorch.root, libtorch.version]),
  hash: (libtorch) =>
    contentHash(
      filesBelow('binding', (name) => /\.(cc|h|cu|cuh)$/.test(name)),
      [addon.configureHash(libtorch)],
    ),
  isFresh: (libtorch) =>
    addonFiles.every((file) => fs.existsSync(file)) && readText(nativeStamp) === addon.hash(libtorch),
  make: async (libtorch) => {
    const hash = addon.hash(libtorch);
    const configureHash = addon.configureHash(libtorch);
    const cmakeJs = inRoot('node_modules', 'cmake-js', 'bin', 'cmake-js');
    const common = [`--CDTORCH_ROOT=${libtorch.root}`, '--parallel', '2'];
    if (readText(configureStamp) !== configureHash || !fs.existsSync(inRoot('build', 'CMakeCache.txt'))) {
      await step('addon (configure)', process.execPath, [cmakeJs, 'configure', ...common]);
      fs.writeFileSync(configureStamp, configureHash);
    }
    await step('addon (compile)', process.execPath, [cmakeJs, 'build', ...common]);
    fs.writeFileSync(nativeStamp, hash);
  },
};

const distStamp = inRoot('dist', '.stamp');
const typescript = {
  hash: () => contentHash(['tsconfig.json', 'package-lock.json', ...filesBelow('src')]),
  isFresh: () => readText(distStamp) === typescript.hash(),
  make: async () => {
    const hash = typescript.hash();
    await step('TypeScript', process.execPath, [inRoot('node_modules', 'typescript', 'bin', 'tsc')]);
    fs.mkdirSync(inRoot('dist'), { recursive: true });
    fs.writeFileSync(distStamp, hash);
  },
};

/** The installed libtorch with headers, or null where there is none. One that LIBTORCH names wrongly is an error. */
const libtorchOrNull = () => {
  try {
    return findLibtorch({ headers: true });
  } catch (error) {
    if (error.code === 'libtorch-missing') return null;
    throw error;
  }
};

const isFresh = () => {
  if (force || !packages.isFresh() || !typescript.isFresh()) return false;
  const libtorch = libtorchOrNull();
  return libtorch !== null && addon.isFresh(libtorch);
};

/** Both builds, side by side; where both fail, both are told. */
const makeAll = async () => {
  if (!packages.isFresh()) await packages.make();
  const libtorch = findLibtorch({ headers: true });
  const builds = await Promise.allSettled([
    force || !addon.isFresh(libtorch) ? addon.make(libtorch) : null,
    force || !typescript.isFresh() ? typescript.make() : null,
  ]);
  const reasons = builds.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  const unexpected = reasons.find((reason) => !(reason instanceof StepFailed));
  if (unexpected !== undefined) throw unexpected;
  if (reasons.length > 0) throw new StepFailed(reasons.map((reason) => reason.message).join('\n\n'));
};

try {
  if (!isFresh()) {
    fs.mkdirSync(inRoot('build'), { recursive: true });
    const waiting = (holder) =>
      say(`set-up: waiting for process ${holder.pid} on ${holder.host}, which sets up this checkout`);
    await withLock(inRoot('build', 'setup.lock'), waiting, makeAll);
  }
} catch (error) {
  if (!(error instanceof StepFailed) && error.name !== 'NoduleTrainError') throw error;
  say(error.message);
  process.exitCode = 1;
}
