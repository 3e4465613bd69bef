// Stages the package for publication in a folder.
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import prebuildify from 'prebuildify';
import { LIBTORCH_PACKAGE, LIBTORCH_VERSION } from '../../src/runtime/versions.js';
import { fetchLibdeflate } from '../setup/libdeflate.mjs';
import { filesBelow, root } from '../setup/steps.mjs';
import { isContent } from './packageContents.mjs';

/** The oldest supported Node. Thanks to Node-API one binary works with it and every later one. */
const TARGET = '20.19.0';

/** Returns the manifest without the fields that only a checkout needs. */
export const publishedManifest = (manifest) => {
  const {
    scripts: _scripts,
    devDependencies: _development,
    private: _private,
    binary: _binary,
    ...published
  } = manifest;
  // Not in the checkout's own package.json: `npm ci` would expect it in the lockfile, which cannot have it before its
  // first publication.
  return { ...published, optionalDependencies: { [LIBTORCH_PACKAGE]: LIBTORCH_VERSION } };
};

/**
 * Builds the addon with prebuildify and cmake-js and stages everything below `folder`.
 * @param {string} folder
 */
export const stagePackage = async (folder) => {
  fs.mkdirSync(folder, { recursive: true });
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  await promisify(prebuildify)({
    cwd: folder,
    out: folder,
    napi: true,
    targets: [{ runtime: 'node', target: TARGET }],
    tagLibc: 'glibc',
    strip: true,
    artifacts: path.join(folder, 'build', 'artifacts'),
    nodeGyp: path.join(import.meta.dirname, 'cmake-js-as-node-gyp.mjs'),
    quiet: true,
  });
  fs.rmSync(path.join(folder, 'build'), { recursive: true });
  const libdeflate = await fetchLibdeflate(() => {});
  if (libdeflate.folder === null) throw new Error(`staging the package: fetching libdeflate: ${libdeflate.reason}`);
  // The licence has to accompany the code.
  const copying = path.join(folder, 'prebuilds', 'linux-x64', 'libdeflate-COPYING.txt');
  fs.copyFileSync(path.join(libdeflate.folder, 'COPYING'), copying);
  const files = [
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    ...filesBelow('docs'),
    ...filesBelow('models'),
    ...filesBelow('dist'),
  ].filter(isContent);
  for (const file of files) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    // Source maps would point to sources that are not in the package.
    if (file.endsWith('.js'))
      fs.writeFileSync(
        path.join(folder, file),
        fs.readFileSync(path.join(root, file), 'utf8').replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n'),
      );
    else fs.copyFileSync(path.join(root, file), path.join(folder, file));
  }
  fs.chmodSync(path.join(folder, 'dist', 'cli', 'main.js'), 0o755);
};
