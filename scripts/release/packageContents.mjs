// Files that the npm package may and must contain.
import fs from 'node:fs';
import path from 'node:path';
import { LIBTORCH_PACKAGE, LIBTORCH_VERSION } from '../../src/runtime/versions.js';
import { binaryFaults } from './binaries.mjs';

const PREBUILDS = 'prebuilds/linux-x64';
const ADDON = `${PREBUILDS}/torch-${LIBTORCH_VERSION}`;

const MAY = [
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  /^docs\/([\w-]+\/)*[\w-]+\.(md|svg)$/, // pictures in pixels stay in the repository: they are a tenth of the package
  /^models\/[\w-]+\/(README\.md|figures\.json|model\.safetensors)$/,
  /^dist\/([\w-]+\/)*[\w.-]+\.(js|d\.ts)$/,
  /^prebuilds\/linux-x64\/nodule-train\.glibc\.node$/,
  /^prebuilds\/linux-x64\/libdeflate-COPYING\.txt$/,
  /^prebuilds\/linux-x64\/torch-[\d.]+\/[\w-]+\.(node|so)$/,
];

const MUST = [
  ...['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'docs/guide/install.md'],
  ...['default', 'phantom-hu'].flatMap((name) => [`models/${name}/README.md`, `models/${name}/model.safetensors`]),
  ...['dist/index.js', 'dist/index.d.ts', 'dist/torch/index.js', 'dist/torch/index.d.ts', 'dist/cli/main.js'],
  `${PREBUILDS}/nodule-train.glibc.node`,
  `${PREBUILDS}/libdeflate-COPYING.txt`,
  `${ADDON}/torch_addon.node`,
  `${ADDON}/nodule_cuda.so`,
];

/** Largest unpacked size in bytes. A larger package contains something that does not belong in it. */
const MOST_BYTES = 7.5e6;

/** Whether a file of the checkout belongs in the package. @param {string} file */
export const isContent = (file) => MAY.some((pattern) => pattern.test(file));

/** Sorted paths of the files below a folder, with slashes. @param {string} folder */
export const filesOf = (folder) =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();

/** Lists the faults of the prebuilt binaries. @param {string} folder with prebuilds/ @returns {string[]} */
export const prebuildFaults = (folder) => {
  const required = MUST.filter((file) => file.startsWith(PREBUILDS));
  const missing = required.filter((file) => !fs.existsSync(path.join(folder, file)));
  if (missing.length > 0) return missing.map((file) => `${file}: is missing`);
  return filesOf(path.join(folder, PREBUILDS))
    .filter((file) => !file.endsWith('.txt'))
    .flatMap((file) => binaryFaults(path.join(folder, PREBUILDS, file), { stripped: true }));
};

/** Lists the faults of the staged package. @param {string} folder @returns {string[]} */
export const packageFaults = (folder) => {
  const files = filesOf(folder);
  const bytes = files.reduce((sum, file) => sum + fs.statSync(path.join(folder, file)).size, 0);
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return [
    ...files.filter((file) => !isContent(file)).map((file) => `${file}: does not belong in the package`),
    ...MUST.filter((file) => !files.includes(file)).map((file) => `${file}: is missing`),
    ...prebuildFaults(folder),
    ...(bytes > MOST_BYTES ? [`the package has ${bytes} bytes unpacked, expected at most ${MOST_BYTES}`] : []),
    ...(manifest.optionalDependencies?.[LIBTORCH_PACKAGE] === LIBTORCH_VERSION
      ? []
      : [`package.json: expected the optional dependency ${LIBTORCH_PACKAGE} ${LIBTORCH_VERSION}`]),
    ...['scripts', 'devDependencies', 'private']
      .filter((field) => manifest[field] !== undefined)
      .map((field) => `package.json: '${field}' does not belong in the package`),
  ];
};
