// libdeflate's sources, which are linked into the loader: fetched into the cache by pip, pinned by their hash (0.2 MB).
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../src/runtime/environment.js';
import { withLock } from '../../src/runtime/files/lock.js';
import { runCommand } from '../../src/runtime/runCommand.js';
import { root } from './steps.mjs';

const requirements = path.join(root, 'scripts', 'setup', 'libdeflate-requirements.txt');
const [, name, version] = fs.readFileSync(requirements, 'utf8').match(/^(\w+)==([\d.]+)/m);

const folderOf = () => {
  const pins = createHash('sha256').update(fs.readFileSync(requirements)).digest('hex').slice(0, 16);
  return path.join(cacheFolder(), `libdeflate-${pins}`);
};

/** pip asks a source package for its name by running its build. This stands in for that, so that nothing of it runs. */
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
  if (code !== 0) throw new Error(`${program} says: ${output.trim().split('\n').at(-1)}`);
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
      {
        env: {
          ...process.env,
          PYTHONPATH: path.dirname(backend),
          PIP_REQUIRE_VIRTUALENV: '0',
          PIP_NO_INPUT: '1',
          PIP_DISABLE_PIP_VERSION_CHECK: '1',
          TMPDIR: temporary,
        },
        onLine: detail,
      },
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
 * The folder of the sources, fetched where it is not there yet; or why there is none.
 * @param {(line: string) => void} detail what goes on
 * @returns {Promise<{folder: string, reason: null} | {folder: null, reason: string}>}
 */
export const fetchLibdeflate = async (detail) => {
  const folder = folderOf();
  try {
    if (!fs.existsSync(folder)) {
      fs.mkdirSync(cacheFolder(), { recursive: true });
      const waiting = ({ pid, host }) => detail(`waiting for process ${pid} on ${host}, which fetches it`);
      await withLock(path.join(cacheFolder(), 'libdeflate.lock'), waiting, () => make(folder, detail));
    }
    return { folder, reason: null };
  } catch (error) {
    return { folder: null, reason: error.message };
  }
};
