// Fetches libdeflate's sources (0.2 MB), which are linked into the loader: by pip, pinned by hash, into the cache.
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../src/runtime/environment.js';
import { withLock } from '../../src/runtime/files/lock.js';
import { runCommand } from '../../src/runtime/runCommand.js';
import { lastLine, pinnedFolder, pipEnvironment, requirementsFile } from './pip.mjs';

const requirements = requirementsFile('libdeflate');
const [, name, version] = fs.readFileSync(requirements, 'utf8').match(/^(\w+)==([\d.]+)/m);

/**
 * pip runs the build of a source package to learn its name. This build backend replaces it, so that no foreign code
 * runs.
 */
const BACKEND = `import os
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    name = "${name}-${version}.dist-info"
    os.makedirs(os.path.join(folder, name))
    with open(os.path.join(folder, name, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: ${name}\\nVersion: ${version}\\n")
    return name
`;

const run = async (program, args, options) => {
  const { code, output } = await runCommand(program, args, options).catch((cause) => {
    throw new Error(`${program} does not run (${cause.code})`);
  });
  if (code !== 0) throw new Error(`${program} failed: ${lastLine(output)}`);
};

const make = async (folder, detail) => {
  if (fs.existsSync(folder)) return;
  const temporary = fs.mkdtempSync(path.join(cacheFolder(), '.tmp-libdeflate-'));
  try {
    const backend = path.join(temporary, 'backend', 'scikit_build_core');
    fs.mkdirSync(backend, { recursive: true });
    fs.writeFileSync(path.join(backend, '__init__.py'), '');
    fs.writeFileSync(path.join(backend, 'build.py'), BACKEND);
    const args = ['-m', 'pip', 'download', '--require-hashes', '--no-deps', '--no-cache-dir', '--no-binary=:all:'];
    await run(
      'python3',
      [...args, '--no-build-isolation', '--progress-bar=off', '--dest', temporary, '-r', requirements],
      { env: pipEnvironment(temporary, { PYTHONPATH: path.dirname(backend) }), onLine: detail },
    );
    const target = path.join(temporary, 'target');
    fs.mkdirSync(target);
    const packed = path.join(temporary, `${name}-${version}.tar.gz`);
    const within = `${name}-${version}/libdeflate`;
    await run('tar', ['-xzf', packed, '-C', target, '--no-same-owner', '--strip-components=2', within]);
    fs.renameSync(target, folder);
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
};

/**
 * Returns the folder of the sources, which are fetched if they are not in the cache yet, or the reason why there is
 * none.
 * @param {(line: string) => void} detail receives progress
 * @returns {Promise<{folder: string, reason: null} | {folder: null, reason: string}>}
 */
export const fetchLibdeflate = async (detail) => {
  const folder = pinnedFolder('libdeflate', requirements);
  try {
    if (!fs.existsSync(folder)) {
      fs.mkdirSync(cacheFolder(), { recursive: true });
      const waiting = ({ pid, host }) => detail(`waiting for process ${pid} on ${host}, which is fetching it`);
      await withLock(path.join(cacheFolder(), 'libdeflate.lock'), waiting, () => make(folder, detail));
    }
    return { folder, reason: null };
  } catch (error) {
    return { folder: null, reason: error.message };
  }
};
