// Where the pinned environment of Python peers lies. Tests and scripts ask here; scripts/setup/python.mjs makes it.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../src/runtime/environment.js';
import { PEERS_COMPLETE } from '../../src/runtime/libtorch/libtorch.js';

export const requirements = path.join(import.meta.dirname, 'python-requirements.txt');

/** A changed list of packages is another environment. */
export const peersFolder = () => {
  const hash = createHash('sha256').update(fs.readFileSync(requirements)).digest('hex').slice(0, 16);
  return path.join(cacheFolder(), `python-${hash}`);
};

/** The interpreter, or null where the environment is not (completely) there. */
export const peersPython = () => {
  const folder = peersFolder();
  return fs.existsSync(path.join(folder, PEERS_COMPLETE)) ? path.join(folder, 'bin', 'python') : null;
};
