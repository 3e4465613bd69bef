// Static checks: types, style of TypeScript and C++, layers, size of folders, length of comments, names that must not
// be in a public file.
// Exits with code 1 if a check fails.
//   --fix   let the formatters fix what they can first
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { peersPython } from '../setup/peers.mjs';
import { root, say } from '../setup/steps.mjs';
import { layerFaults } from './layers.mjs';

const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
const listed = git('ls-files', '--cached', '--others', '--exclude-standard');
if (listed.status !== 0) {
  say(`lint: git ls-files failed: ${listed.stderr.trim()}`);
  process.exit(1);
}
const files = [...new Set(listed.stdout.split('\n'))].filter(
  (file) => file !== '' && fs.existsSync(path.join(root, file)),
);
const textOf = (file) => fs.readFileSync(path.join(root, file), 'utf8');

const tool = (program, args) => {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return status === 0 ? [] : [error ? String(error) : `${stdout}${stderr}`.trim()];
};

const types = () => tool(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit']);

const biome = (...args) => tool(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', ...args]);
const style = () => biome('--error-on-warnings', '--max-diagnostics=50');

const cppSources = files.filter((file) => /^binding\/.*\.(cc|h|cu|cuh)$/.test(file));
const python = peersPython();
const clangFormat = python && path.join(path.dirname(python), 'clang-format');

/**
 * Faults in the format of the C++ files, or a string if clang-format, which comes with the Python peers, is missing.
 */
const cppFormat = () => {
  if (clangFormat === null)
    return 'skipped: clang-format comes with the Python peers, which are not installed (npm run python)';
  const [broken] = tool(clangFormat, ['--version']);
  if (broken !== undefined) return [`running ${clangFormat}: ${broken}`];
  return cppSources
    .filter((file) => tool(clangFormat, ['--dry-run', '-Werror', file]).length > 0)
    .map((file) => `${file}: not formatted (npm run lint -- --fix)`);
};

if (process.argv.includes('--fix')) {
  biome('--write');
  if (clangFormat !== null) tool(clangFormat, ['-i', ...cppSources]);
}

/** Folders of binding/, each with the others that it may include. */
const bindingLayers = {
  io: [],
  loader: ['io'],
  checks: [],
  core: ['checks', 'nn', 'cuda', 'nodule'],
  inference: ['nn'],
  nn: ['core', 'inference', 'nodule'],
  nodule: ['checks'],
  cuda: ['nodule'],
};

const wrongIncludes = (file) => {
  const own = file.match(/^binding\/([^/]+)\//)?.[1];
  if (own === undefined) return [];
  const allowed = bindingLayers[own];
  if (allowed === undefined) return [`${file}: binding/${own} is not a known folder`];
  return [...textOf(file).matchAll(/^#include "([^/"]+)\//gm)]
    .map(([, folder]) => folder)
    .filter((folder) => folder in bindingLayers && folder !== own && !allowed.includes(folder))
    .map((folder) => `${file}: ${own} may not include ${folder}`);
};

const includes = () => cppSources.flatMap(wrongIncludes);

const layers = () => layerFaults(root);

/** A folder with more files is split, so that folder and file names alone show where a behaviour is. */
const MOST_FILES = 22;

const folders = () => {
  const sizes = new Map();
  for (const file of files.filter((name) => name.startsWith('src/')))
    sizes.set(path.posix.dirname(file), (sizes.get(path.posix.dirname(file)) ?? 0) + 1);
  return [...sizes]
    .filter(([, count]) => count > MOST_FILES)
    .map(([folder, count]) => `${folder}: holds ${count} files, at most ${MOST_FILES} are allowed`);
};

const COLUMNS = 120;

/** The formatter breaks code, but not comments. */
const columns = () =>
  files
    .filter((file) => /^(src|test|scripts|bench|examples|binding)\/.*\.(ts|js|mjs|cc|h|cu)$/.test(file))
    .flatMap((file) =>
      textOf(file)
        .split('\n')
        .flatMap((line, at) =>
          line.length > COLUMNS && /^\s*(\/\/|\/\*|\* )/.test(line)
            ? [`${file}:${at + 1}: comment of ${line.length} columns, at most ${COLUMNS} are allowed`]
            : [],
        ),
    );

/** Hosts of package registries and paths of one machine: neither works anywhere else. */
const forbidden = [
  [/(?:registry\.npmjs|files\.pythonhosted|\bpypi)\.org|npmmirror|artifactory|jfrog/i, 'name of a package registry'],
  [/(?:^|[\s'"`=(])\/(?:root|home\/\w+|Users\/\w+|work)\//m, 'path of one machine'],
  [/(?:^|[\s'"`=(])\/tmp\/\w/m, 'fixed path in /tmp'],
];

const names = () =>
  files
    .filter((file) => /\.(ts|js|mjs|json|md|cc|h|cu|cuh|py|yaml|yml|txt|run)$|^\.ci\/|^\.npmrc$/.test(file))
    .filter((file) => file !== 'scripts/dev/lint.mjs')
    .flatMap((file) => {
      const text = textOf(file);
      return forbidden.filter(([pattern]) => pattern.test(text)).map(([, what]) => `${file}: contains the ${what}`);
    });

const LONG = 350;

/** Long files are reported, not refused: sometimes a long file is the clearer one. */
const length = () => {
  const long = files
    .filter((file) => /\.(ts|js|mjs|cc|h|cu)$/.test(file))
    .map((file) => ({ file, lines: textOf(file).split('\n').length }))
    .filter(({ lines }) => lines > LONG)
    .map(({ file, lines }) => `${file} (${lines})`);
  return long.length === 0 ? [] : `over ${LONG} lines: ${long.join(', ')}`;
};

const checks = { types, style, 'C++ format': cppFormat, layers, includes, folders, columns, names, length };
let faults = 0;
for (const [name, check] of Object.entries(checks)) {
  const found = await check();
  if (typeof found === 'string') {
    say(`lint: ${name} ${found}`);
    continue;
  }
  faults += found.length;
  for (const fault of found) say(fault);
  say(`lint: ${name} ${found.length === 0 ? 'clean' : 'has faults'}`);
}
process.exitCode = faults === 0 ? 0 : 1;
