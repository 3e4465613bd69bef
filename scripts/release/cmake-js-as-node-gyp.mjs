#!/usr/bin/env node
// prebuildify calls this in place of node-gyp: `rebuild --target=… --arch=… …` in a staging folder. cmake-js builds in
// the checkout, including the CUDA plugin (scripts/setup/setup.mjs, which skips an up-to-date build). The loader, the
// only file that prebuildify and node-gyp-build know, is copied to where node-gyp would put it, everything else to the
// artifacts.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { LIBTORCH_VERSION } from '../../src/runtime/versions.js';
import { root, say } from '../setup/steps.mjs';

const [verb, ...flags] = process.argv.slice(2);
const arch = flags.find((flag) => flag.startsWith('--arch='))?.slice('--arch='.length) ?? process.arch;
if (verb !== 'rebuild' || flags.includes('--debug') || arch !== process.arch) {
  say(`cmake-js-as-node-gyp: found '${[verb, ...flags].join(' ')}', expected a release 'rebuild' for ${process.arch}`);
  process.exit(2);
}

const run = (command, ...args) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    say(`cmake-js-as-node-gyp: '${command} ${args.join(' ')}' failed with exit code ${status}`);
    process.exit(1);
  }
};

run(process.execPath, path.join(root, 'scripts', 'setup', 'setup.mjs'), '--cuda');

const built = path.join(root, 'build', 'Release');
const output = path.join(process.cwd(), 'build', 'Release');
const artifacts = path.join(process.cwd(), 'build', 'artifacts', `torch-${LIBTORCH_VERSION}`);
for (const folder of [output, artifacts]) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
}
for (const name of fs.readdirSync(built).filter((each) => /\.(node|so)$/.test(each))) {
  const isLoader = name === 'nodule-train.node';
  const file = path.join(isLoader ? output : artifacts, name);
  fs.copyFileSync(path.join(built, name), file);
  // prebuildify strips only the loader.
  if (!isLoader) run('strip', '--strip-all', file);
}
