// Runs valgrind-subject.mjs, which exercises every part of the addon (tensors, views, autograd, U-Net, optimizer,
// queue, sharing, files, a terminated worker, disposal), under Valgrind's memcheck. Fails on every error with a frame
// of our addon in its stack that scripts/dev/valgrind.supp does not suppress. Takes several minutes.
//   npm run valgrind
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { say } from '../setup/steps.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'valgrind-'));
const log = path.join(folder, 'log.xml');
const found = spawnSync(
  'valgrind',
  [
    '--tool=memcheck',
    // V8 generates code at run time.
    '--smc-check=all-non-file',
    '--error-limit=no',
    '--num-callers=40',
    '--leak-check=no',
    `--suppressions=${path.join(import.meta.dirname, 'valgrind.supp')}`,
    '--xml=yes',
    `--xml-file=${log}`,
    process.execPath,
    '--single-threaded',
    path.join(import.meta.dirname, 'valgrind-subject.mjs'),
  ],
  { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, OMP_NUM_THREADS: '1' } },
);
if (found.error !== undefined) {
  say(`valgrind: starting it failed: ${found.error.message}. Install it (Debian: apt-get install valgrind).`);
  process.exit(1);
}
const errors = fs.readFileSync(log, 'utf8').match(/<error>[\s\S]*?<\/error>/g) ?? [];
const isOurs = (error) => /torch_addon\.node|nodule-train\.node/.test(error);
const kinds = (list) => {
  const counts = new Map();
  for (const error of list) {
    const kind = error.match(/<kind>(.*?)<\/kind>/)?.[1];
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'none';
};
const ours = errors.filter(isOurs);
say(`valgrind: the subject ended with ${found.signal ?? `exit code ${found.status}`}`);
const others = kinds(errors.filter((error) => !isOurs(error)));
say(`valgrind: errors with a frame of the addon: ${kinds(ours)}; without one: ${others}`);
for (const error of ours.slice(0, 5)) say(error);
if (ours.length === 0) fs.rmSync(folder, { recursive: true });
else say(`valgrind: the full log is ${log}`);
process.exitCode = found.status === 0 && ours.length === 0 ? 0 : 1;
