// npm run test:package: packs, installs the tarballs into empty folders and uses them as users will. Takes minutes.
//   --from DIR   use the tarballs in this folder instead of packing
//   --only TEXT  only the cases whose name matches this regular expression (the first one always runs)
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { job, setScript } from '../../scripts/setup/status.mjs';
import { root, say } from '../../scripts/setup/steps.mjs';
import { LIBTORCH_PACKAGE } from '../../src/runtime/versions.js';
import { cases } from './cases.mjs';
import { workplace } from './workplace.mjs';

setScript('test:package');
const { values } = parseArgs({ options: { from: { type: 'string' }, only: { type: 'string', default: '' } } });

// Outside the checkout, so that nothing in it can be resolved.
const base = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'nodule-train-package-'));
let failed = 0;
let passed = 0;
try {
  const from = path.resolve(values.from ?? path.join(base, 'tarballs'));
  if (values.from === undefined) {
    const pack = path.join(root, 'scripts', 'release', 'pack.mjs');
    const { status } = spawnSync(process.execPath, [pack, '--out', from], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error('release:pack failed');
  }
  const tarballOf = (name) => {
    const file = fs
      .readdirSync(from)
      .find((each) => each.startsWith(`${name}-`) && /^\d/.test(each.slice(name.length + 1)));
    if (file === undefined) throw new Error(`testing the package: found no tarball of ${name} in ${from}`);
    return path.join(from, file);
  };
  const tarballs = { main: tarballOf('nodule-train'), libtorch: tarballOf(LIBTORCH_PACKAGE) };
  const world = { ...workplace(base), tarballs, root };
  for (const [index, [name, work]] of Object.entries(cases).entries()) {
    if (index > 0 && !new RegExp(values.only).test(name)) continue;
    try {
      await job(name, () => work(world));
      passed++;
    } catch (error) {
      failed++;
      say(`test:package: FAILED: ${name}\n${error.message}`);
      if (index === 0) break;
    }
  }
} finally {
  fs.rmSync(base, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
