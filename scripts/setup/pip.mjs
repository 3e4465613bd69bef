// How set-up runs pip: pinned packages, into the cache, whatever the user's pip settings are.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../src/runtime/environment.js';
import { root } from './steps.mjs';

/** Path of one of the requirements files in this folder. */
export const requirementsFile = (name) => path.join(root, 'scripts', 'setup', `${name}-requirements.txt`);

/** Folder in the cache for the packages that a requirements file pins. Other pins, another folder. */
export const pinnedFolder = (name, requirements) => {
  const hash = createHash('sha256').update(fs.readFileSync(requirements)).digest('hex').slice(0, 16);
  return path.join(cacheFolder(), `${name}-${hash}`);
};

/** Environment for pip. A user's pip.conf must not decide where packages go. */
export const pipEnvironment = (temporary, more = {}) => ({
  ...process.env,
  PIP_REQUIRE_VIRTUALENV: '0',
  PIP_USER: '0',
  PIP_NO_INPUT: '1',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  TMPDIR: temporary,
  ...more,
});

/** Arguments that install exactly the pinned wheels of a requirements file. */
export const installArguments = (requirements) =>
  ['-m', 'pip', 'install', '--require-hashes', '--no-deps', '--only-binary=:all:', '--no-cache-dir'].concat(
    '--progress-bar=off',
    '-r',
    requirements,
  );

/** Last line of a command's output, which in pip's case names the error. */
export const lastLine = (output) => output.trim().split('\n').at(-1);
