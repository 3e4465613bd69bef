// Location of the pinned Python environment that tests and scripts compare with. scripts/setup/python.mjs creates it.
import fs from 'node:fs';
import path from 'node:path';
import { PEERS_COMPLETE } from '../../src/runtime/libtorch/findLibtorch.js';
import { pinnedFolder, requirementsFile } from './pip.mjs';

export const requirements = requirementsFile('python');

export const peersFolder = () => pinnedFolder('python', requirements);

/** The interpreter, or null if the environment is missing or incomplete. */
export const peersPython = () => {
  const folder = peersFolder();
  return fs.existsSync(path.join(folder, PEERS_COMPLETE)) ? path.join(folder, 'bin', 'python') : null;
};
