import fs from 'node:fs';
import path from 'node:path';
import { NoduleTrainError } from '../error.js';

/** @param {string} folder @returns {string[]} full paths of the files directly in it */
const filesIn = (folder) =>
  fs.existsSync(folder)
    ? fs
        .readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(folder, entry.name))
        .sort()
    : [];

/**
 * Finds the licence texts of a libtorch: `licenses/` of the npm package, `*.dist-info/licenses/` of wheels.
 * @param {import('./findLibtorch.js').Libtorch} libtorch
 * @returns {string[]} full paths
 * @throws {NoduleTrainError} `licenses-missing`
 */
export function licenseFiles({ root }) {
  const beside = path.dirname(root);
  const wheels = fs
    .readdirSync(beside)
    .filter((name) => /^(torch|nvidia_[^-]*)-.*\.dist-info$/.test(name))
    .sort();
  const files = [
    ...filesIn(path.join(beside, 'licenses')),
    ...wheels.flatMap((name) => filesIn(path.join(beside, name, 'licenses'))),
  ];
  if (files.length === 0)
    throw new NoduleTrainError(
      'licenses-missing',
      `looking for the licences of the libtorch at ${root}: found neither ${path.join(beside, 'licenses')} nor ` +
        `${path.join(beside, 'torch-*.dist-info', 'licenses')}. ` +
        "Use a libtorch installed by 'npx nodule-train libtorch install'.",
    );
  return files;
}
