// Watches the checkout and rebuilds on change: TypeScript after a change in src/, the addon after one in binding/.
// Ctrl-C stops it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root, say } from '../setup/steps.mjs';

const SETTLE_MS = 150;
let running = false;
let again = false;
let timer;

const build = () => {
  if (running) {
    again = true;
    return;
  }
  running = true;
  const child = spawn(process.execPath, [path.join(root, 'scripts', 'setup', 'setup.mjs')], {
    cwd: root,
    stdio: 'inherit',
  });
  child.on('close', (code) => {
    running = false;
    say(`dev: ${code === 0 ? 'built' : 'the build failed, see above'}; watching src/ and binding/`);
    if (again) build();
    again = false;
  });
};

// An editor saves a file in several steps; one build covers them all.
const changed = () => {
  clearTimeout(timer);
  timer = setTimeout(build, SETTLE_MS);
};

for (const folder of ['src', 'binding']) fs.watch(path.join(root, folder), { recursive: true }, changed);
for (const file of ['CMakeLists.txt', 'tsconfig.json', 'package-lock.json']) fs.watch(path.join(root, file), changed);
build();
