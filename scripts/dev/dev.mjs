// Rebuilds what changed, for as long as it runs: TypeScript on every change in src/, the addon on every change in
// binding/. Ctrl-C ends it.
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
    say(code === 0 ? 'dev: all built, watching src/ and binding/' : 'dev: mend the above; watching src/ and binding/');
    if (again) build();
    again = false;
  });
};

// An editor writes a file in several steps; one build is enough for them.
const changed = () => {
  clearTimeout(timer);
  timer = setTimeout(build, SETTLE_MS);
};

for (const folder of ['src', 'binding']) fs.watch(path.join(root, folder), { recursive: true }, changed);
for (const file of ['CMakeLists.txt', 'tsconfig.json', 'package-lock.json']) fs.watch(path.join(root, file), changed);
build();
